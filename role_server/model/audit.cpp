// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/audit.h"

#include "role_server/base/crypto.h"
#include "role_server/messages/json.h"

namespace together::roled {
namespace {

constexpr std::size_t keys_remembered = 10'000;

std::string text_or_nothing(const Json::Value& value) {
    return value.isNull() ? "" : to_text(value);
}

soci::indicator null_if_empty(const std::string& text) {
    return text.empty() ? soci::i_null : soci::i_ok;
}

}  // namespace

void write(Store& store, const AuditRecord& record) {
    const auto time_ms = static_cast<long long>(now_milliseconds());
    // Sorts by time, which makes it the cursor of the trail's pages.
    const auto id = "aud_" + base62(static_cast<std::uint64_t>(time_ms), 8) + random_base62(12);
    const auto before = text_or_nothing(record.before);
    const auto after = text_or_nothing(record.after);
    auto has_organization = null_if_empty(record.organization_id);
    auto has_key = null_if_empty(record.key_id);
    auto has_reason = null_if_empty(record.reason);
    auto has_before = null_if_empty(before);
    auto has_after = null_if_empty(after);
    store.sql()
        << "INSERT INTO audit (id, time_ms, request_id, organization_id, actor, key_id, action,"
           " target, outcome, reason, value_before, value_after) VALUES (:id, :time, :request,"
           " :organization, :actor, :key, :action, :target, :outcome, :reason, :before, :after)",
        soci::use(id), soci::use(time_ms), soci::use(record.request_id),
        soci::use(record.organization_id, has_organization), soci::use(record.actor),
        soci::use(record.key_id, has_key), soci::use(record.action), soci::use(record.target),
        soci::use(record.outcome), soci::use(record.reason, has_reason),
        soci::use(before, has_before), soci::use(after, has_after);
}

bool OncePerPeriod::admits(const std::string& key, std::int64_t now_seconds) {
    const std::lock_guard lock(mutex_);
    if (last_.size() >= keys_remembered) last_.clear();
    const auto [at, is_new] = last_.try_emplace(key, now_seconds);
    if (is_new) return true;
    if (now_seconds - at->second < period_) return false;
    at->second = now_seconds;
    return true;
}

}  // namespace together::roled
