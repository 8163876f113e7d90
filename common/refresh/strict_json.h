// What jsoncpp's strict mode takes although RFC 8259 does not: comments between two values, control
// characters, any text after a NUL, numbers such as 01, +1, 1. or a mere minus (it reads 0).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace together {

// What is wrong with the text's tokens; the rest of the grammar is jsoncpp's to check.
std::optional<std::string> why_not_strict_json(std::string_view text);

}  // namespace together
