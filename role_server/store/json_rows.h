// SPDX-License-Identifier: Apache-2.0
// Many rows in one statement: both databases take a list of them as one value of JSON.
#pragma once

#include <string>
#include <vector>

#include "role_server/store/store.h"

namespace together::roled {

struct JsonColumn {
    const char* name;
    bool is_number = false;
};

// A SELECT of these columns, whose rows are the arrays that `:rows` is an array of.
std::string select_json_rows(Store::Kind kind, const std::vector<JsonColumn>& columns);

}  // namespace together::roled
