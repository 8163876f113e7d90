// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/token_file.h"

#include <algorithm>

#include "common/system/trusted_file.h"

namespace together {

Result<std::string> read_token(const std::string& path) {
    auto text = read_trusted(path, 4096, Secrecy::secret);
    if (!text) return failure(text.error().message);
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    const bool plain =
        std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (text->empty() || !plain)
        return failure(path + " is empty or is not one line of plain characters");
    return *std::move(text);
}

}  // namespace together
