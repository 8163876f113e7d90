// SPDX-License-Identifier: Apache-2.0
// What a project's API key may do. Never a person's acts: no scope logs in, starts a job or changes
// a role. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/roles/permissions.h"

namespace together::roled {

class Scopes {
  public:
    // Nothing where one of them is no scope.
    static std::optional<Scopes> named(const std::vector<std::string>& names);
    // As stored: names with a blank between them. Unknown ones, of a newer program, allow nothing.
    static Scopes stored(std::string_view text);

    std::string to_store() const;
    std::vector<std::string> names() const;
    bool empty() const { return bits_ == 0; }

    bool allows(Action action) const;
    // May it ask what somebody else may do?
    bool allows_authorize() const;

  private:
    std::uint32_t bits_ = 0;
};

// "project.read, collaborators.read, …"
std::string all_scopes();

}  // namespace together::roled
