// SPDX-License-Identifier: Apache-2.0
// Where it is seen that something has changed, whoever changed it: this process, another replica,
// the command line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace together::roled {

// Nothing for a project that is gone.
using Revisions = std::map<std::string, std::optional<std::int64_t>>;

// Called on threads that may wait for the database.
class ChangeSource {
  public:
    virtual ~ChangeSource() = default;

    // Another number after each change. Nothing where the database did not answer.
    virtual std::optional<std::int64_t> counter() = 0;

    // The current revision of each of these projects. Empty where the database did not answer.
    virtual Revisions revisions(const std::vector<std::string>& projects) = 0;
};

}  // namespace together::roled
