// SPDX-License-Identifier: Apache-2.0
// What jsoncpp's strict mode takes although RFC 8259 does not: comments between two values, control
// characters, any text after a NUL, numbers such as 01, +1, 1. or a mere minus (it reads 0).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace together {

// jsoncpp needs some 200 bytes for a value, however small: 8 MiB of "0," are 4 million of them.
inline constexpr std::size_t max_values_of_a_page = 250'000;

// What is wrong with the text's tokens; the rest of the grammar is jsoncpp's to check. A text of
// more values than `max_values` is not read to its end.
std::optional<std::string> why_not_strict_json(std::string_view text,
                                               std::size_t max_values = max_values_of_a_page);

}  // namespace together
