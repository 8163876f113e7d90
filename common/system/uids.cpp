// SPDX-License-Identifier: Apache-2.0
#include "common/system/uids.h"

#include "common/system/parse_number.h"

namespace together {

std::optional<uid_t> parse_uid(std::string_view text) {
    const auto uid = parse_number<uid_t>(text);
    return uid == no_uid ? std::nullopt : uid;
}

}  // namespace together
