// SPDX-License-Identifier: Apache-2.0
// The audit trail: every change, in the change's own transaction, and every refusal.
#pragma once

#include <json/value.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "role_server/store/store.h"

namespace together::roled {

struct AuditRecord {
    std::string request_id;
    std::string organization_id;  // whose Admins may read it; empty: nobody's
    std::string actor;            // a user, or a key that belongs to nobody
    std::string key_id;
    std::string action;  // as in the permission tables
    std::string target;
    std::string outcome = "allowed";
    std::string reason;
    Json::Value before, after;
};

void write(Store& store, const AuditRecord& record);

// Says yes once a period for each key. So that ten thousand nodes with a revoked key write one
// refusal a minute and not four hundred a second. Thread-safe; forgets all when it knows too many.
class OncePerPeriod {
  public:
    explicit OncePerPeriod(std::chrono::seconds period) : period_(period.count()) {}
    bool admits(const std::string& key, std::int64_t now_seconds);

  private:
    const std::int64_t period_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::int64_t> last_;
};

}  // namespace together::roled
