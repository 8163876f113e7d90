// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/refusal_tally.h"

#include <utility>

#include "role_server/base/crypto.h"

namespace together::roled {
namespace {

constexpr std::int64_t minute = 60;
constexpr std::int64_t probing = 20;  // wrong secrets a minute: more than somebody's mistake

AuditRecord probed(const std::string& key_id, const std::string& address, std::int64_t count) {
    AuditRecord record;
    record.author.origin = Origin::system;
    record.author.request_id = "sys_" + random_base62(16);
    record.author.address = address;
    record.action = "probed";
    record.target = key_id;
    record.outcome = "refused";
    record.reason = "invalid_token: wrong secrets for the id of this key";
    record.count = count;
    return record;
}

}  // namespace

void RefusalTally::refused(const AuditRecord& record, const std::string& code) {
    const Kind kind{record.author.key_id, record.action, code, record.organization_id};
    const auto known = refusals_.find(kind);
    if (known != refusals_.end()) {
        ++known->second.waiting;
    } else if (refusals_.size() >= max_kinds_) {
        ++dropped_;
    } else {
        refusals_.emplace(kind, Refusals{record, 1, 0});
    }
}

void RefusalTally::wrong_secret(const std::string& key_id, const std::string& address) {
    if (probes_.size() >= max_kinds_ && probes_.count(key_id) == 0) {
        ++dropped_;
        return;
    }
    auto& probes = probes_[key_id];
    probes.address = address;
    ++probes.count;
}

std::vector<AuditRecord> RefusalTally::take(std::int64_t now, bool all) {
    std::vector<AuditRecord> records;
    for (auto at = refusals_.begin(); at != refusals_.end();) {
        auto& refusals = at->second;
        const bool due = all || refusals.write_from <= now;
        if (due && refusals.waiting == 0) {
            at = refusals_.erase(at);
            continue;
        }
        if (due) {
            refusals.record.count = std::exchange(refusals.waiting, 0);
            refusals.write_from = now + minute;
            records.push_back(refusals.record);
        }
        ++at;
    }
    if (!all && now < probes_until_) return records;
    probes_until_ = now + minute;
    for (const auto& [key_id, probes] : std::exchange(probes_, {}))
        if (probes.count >= probing)
            records.push_back(probed(key_id, probes.address, probes.count));
    return records;
}

}  // namespace together::roled
