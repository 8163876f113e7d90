// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/background_writer.h"

#include <chrono>
#include <utility>

#include "role_server/base/log.h"
#include "role_server/model/keys.h"

namespace together::roled {
namespace {

constexpr std::chrono::milliseconds pause{100};
constexpr std::size_t max_uses = 100'000;
constexpr std::int64_t minute = 60;

}  // namespace

BackgroundWriter::BackgroundWriter(StorePool& stores, KnownNodes& nodes, SeenPeople& seen)
    : stores_(stores), nodes_(nodes), seen_(seen), thread_([this] { run(); }) {}

BackgroundWriter::~BackgroundWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void BackgroundWriter::refused(const AuditRecord& record, const std::string& code) {
    const std::lock_guard lock(mutex_);
    refusals_.refused(record, code);
}

void BackgroundWriter::wrong_secret(const std::string& key_id, const std::string& address) {
    const std::lock_guard lock(mutex_);
    refusals_.wrong_secret(key_id, address);
}

void BackgroundWriter::used(const std::string& key_id, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    // Who asks may have a row that was read before, which tells of the use before.
    const auto noted = noted_.find(key_id);
    if (noted != noted_.end() && noted->second + minute > now) return;
    if (uses_.size() >= max_uses) return;
    if (noted_.size() >= max_uses) noted_.clear();
    uses_[key_id] = noted_[key_id] = now;
}

std::int64_t BackgroundWriter::dropped() const {
    const std::lock_guard lock(mutex_);
    return refusals_.dropped();
}

void BackgroundWriter::fill(Batch& batch) {
    const auto now = now_milliseconds();
    if (batch.records.empty()) batch.records = refusals_.take(now_seconds(), stopping_);
    batch.uses.merge(std::exchange(uses_, {}));
    if (batch.nodes.empty()) batch.nodes = nodes_.in_memory().take(now, stopping_);
    if (batch.seen.empty()) batch.seen = seen_.take(now, stopping_);
}

// What the database does not take, while somebody holds its lock, is tried again until it does;
// what comes meanwhile adds up in the tally.
void BackgroundWriter::run() {
    Batch batch;
    std::unique_lock lock(mutex_);
    // Once more after it was told to stop, also where it was writing then.
    for (bool last = false; !last;) {
        wake_.wait_for(lock, pause, [this] { return stopping_; });
        last = stopping_;
        fill(batch);
        if (batch.empty()) continue;
        lock.unlock();
        if (write(batch)) batch = {};
        lock.lock();
    }
    if (!batch.records.empty())
        write_log(std::to_string(batch.records.size()) + " refusals are not in the audit trail");
}

bool BackgroundWriter::write(const Batch& batch) {
    try {
        auto lease = stores_.lease();
        if (!lease) throw soci::soci_error(lease.error().message);
        try {
            Transaction transaction(**lease, Transaction::Mode::write);
            for (const auto& record : batch.records) append(**lease, record);
            for (const auto& [key_id, time] : batch.uses) note_use(**lease, key_id, time);
            std::optional<NodeWrite> written;
            if (!batch.nodes.empty())
                written = nodes_.write(**lease, batch.nodes, now_milliseconds());
            write_last_seen(**lease, batch.seen);
            transaction.commit();
            if (written) nodes_.written(*written);
            return true;
        } catch (const soci::soci_error&) {
            lease->discard();
            throw;
        }
    } catch (const std::exception& error) {
        write_log("refusals wait for the audit trail: " + std::string(error.what()));
        return false;
    }
}

}  // namespace together::roled
