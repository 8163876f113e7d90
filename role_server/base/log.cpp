// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/log.h"

#include <cstdio>
#include <string>

namespace together::roled {

void write_log(std::string_view text) {
    std::string line = "together-roled: ";
    for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    write_record(line);
}

void write_record(std::string_view json) {
    const auto line = std::string(json) + '\n';
    // Nothing can be done where this fails.
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace together::roled
