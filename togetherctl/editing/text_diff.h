// SPDX-License-Identifier: Apache-2.0
// What an edit changes, as a unified diff shows it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace together::ctl {

// Lines between the first and the last that differ, with three around them; empty where nothing
// differs. One hunk: our edits are in one place.
std::string unified_diff(std::string_view path, std::string_view before, std::string_view after);

}  // namespace together::ctl
