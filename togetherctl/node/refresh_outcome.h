// SPDX-License-Identifier: Apache-2.0
// What an attempt to refresh came to, for people and programs.
#pragma once

#include <string_view>

#include "common/roster/last_attempt.h"

namespace together::ctl {

std::string_view name_of(together::RefreshOutcome outcome);
// What it means and what to do.
std::string_view meaning_of(together::RefreshOutcome outcome);
bool is_known(together::RefreshOutcome outcome);

}  // namespace together::ctl
