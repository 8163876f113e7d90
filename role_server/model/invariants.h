// SPDX-License-Identifier: Apache-2.0
// What holds after every commit, looked at in the tables. What a change must not do (raise another
// revision, give a number twice in time) cannot be seen there; the tests of the model see to that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "role_server/store/store.h"

namespace together::roled {

struct Broken {
    std::string what;  // "owner", "project admin", "revision", …
    std::string id;    // of what it is found on
    std::string sentence;
};

// In a read transaction.
std::vector<Broken> broken_invariants(Store& store, std::int64_t now);

}  // namespace together::roled
