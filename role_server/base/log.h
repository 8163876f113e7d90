// SPDX-License-Identifier: Apache-2.0
// Lines to standard error, for the journal. Thread-safe: a line is written whole. Never given a
// token or a body.
#pragma once

#include <string_view>

namespace together::roled {

void write_log(std::string_view text);

// For programs: the line as it is.
void write_record(std::string_view json);

}  // namespace together::roled
