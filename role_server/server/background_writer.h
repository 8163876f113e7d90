// SPDX-License-Identifier: Apache-2.0
// What is written beside requests: refusals, when keys were used last, and what nodes report. On a
// thread of its own, many in one transaction, so that no request waits for it, and none is refused
// because of it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "role_server/model/known_nodes.h"
#include "role_server/model/last_seen.h"
#include "role_server/server/refusal_tally.h"
#include "role_server/store/store_pool.h"

namespace together::roled {

class BackgroundWriter {
  public:
    BackgroundWriter(StorePool& stores, KnownNodes& nodes, SeenPeople& seen);
    // Writes what is left.
    ~BackgroundWriter();
    BackgroundWriter(const BackgroundWriter&) = delete;
    BackgroundWriter& operator=(const BackgroundWriter&) = delete;

    // None of these blocks on the database.
    void refused(const AuditRecord& record, const std::string& code);
    void wrong_secret(const std::string& key_id, const std::string& address);
    void used(const std::string& key_id, std::int64_t now);

    // Refusals that are not in the trail: there were too many kinds at once.
    std::int64_t dropped() const;

  private:
    using Uses = std::map<std::string, std::int64_t>;  // of keys, and when: seconds since 1970
    struct Batch {
        std::vector<AuditRecord> records;
        Uses uses;
        NodeChanges nodes;
        std::vector<SeenPerson> seen;
        bool empty() const {
            return records.empty() && uses.empty() && nodes.empty() && seen.empty();
        }
    };
    void run();
    void fill(Batch& batch);
    // False where the database did not take it.
    bool write(const Batch& batch);

    StorePool& stores_;
    KnownNodes& nodes_;
    SeenPeople& seen_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    RefusalTally refusals_;
    Uses uses_;
    Uses noted_;  // in the last minute, so that each key is written once in it
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace together::roled
