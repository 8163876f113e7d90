// SPDX-License-Identifier: Apache-2.0
// Lists as people read them.
#pragma once

#include <json/value.h>

#include <span>
#include <string>
#include <string_view>

#include "cli/output.h"

namespace together::cli {

enum class Cell { text, time };

struct Column {
    std::string_view head;
    const char* field;
    Cell kind = Cell::text;
};

// A table, or `none`; of --quiet the first column alone; as JSON the objects. Always exit_yes.
int show(Output& output, bool quiet, const Json::Value& list, std::span<const Column> columns,
         const std::string& none);

std::string cell_of(const Json::Value& value, Cell kind = Cell::text);

}  // namespace together::cli
