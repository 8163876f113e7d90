// SPDX-License-Identifier: Apache-2.0
// Reads what append_field() of log_line.h wrote.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace together {

using LogFields = std::vector<std::pair<std::string, std::string>>;

// In their order, the values without quotes; escapes stay as they are, so that a value is one
// printable line. What has no form of a field is left out.
LogFields fields_in(std::string_view line);

// Empty where there is none, or none of that form.
std::string field_in(std::string_view line, std::string_view key);

}  // namespace together
