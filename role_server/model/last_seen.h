// SPDX-License-Identifier: Apache-2.0
// When and where the nodes of a project let a person in last, as they report it. No part of the
// model: nobody may do anything because of it, and the audit trail has nothing of it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "role_server/store/store.h"

namespace together::roled {

struct LastSeen {
    std::int64_t seen_at = 0;  // seconds since 1970
    std::string door;
    std::optional<std::string> node;  // its name, where it said one
};

struct SeenPerson {
    std::string project_id, user_id;
    LastSeen last;
};

// What is not written yet: of each person the newest. A thousand nodes that report at once cost one
// transaction. Thread-safe; nothing blocks on the database.
class SeenPeople {
  public:
    void add(SeenPerson person, std::int64_t now_ms);
    // What is to be written by now, if anything.
    std::vector<SeenPerson> take(std::int64_t now_ms, bool all);

  private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, LastSeen> pending_;  // by project and user
    std::int64_t first_pending_ = 0;
};

// In a transaction of the caller's, for writing: one statement for all of them. What is older than
// what is known stays away, and so does who does not take part in the project any more.
void write_last_seen(Store& store, const std::vector<SeenPerson>& people);

}  // namespace together::roled
