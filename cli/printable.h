// SPDX-License-Identifier: Apache-2.0
// Text from elsewhere (an authority, a file, the command line) made fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace together {

// UTF-8 as it is; what is_printable refuses (controls, marks that reorder or hide text) and what is
// no UTF-8 as \xNN: a byte such as 0x9b begins an escape sequence on some terminals.
std::string printable(std::string_view text);

// The same between quotes.
std::string in_quotes(std::string_view text);

// Columns on a terminal, as far as tables here need them: one for each character.
std::size_t width_of(std::string_view text);

}  // namespace together
