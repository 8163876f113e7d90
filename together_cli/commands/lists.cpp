// SPDX-License-Identifier: Apache-2.0
#include "together_cli/commands/lists.h"

#include <cstdint>
#include <vector>

#include "common/system/utc.h"

namespace together::cli {
namespace {

std::string joined(const Json::Value& list) {
    std::string text;
    for (const auto& one : list) text += (text.empty() ? "" : ", ") + cell_of(one);
    return text;
}

}  // namespace

std::string cell_of(const Json::Value& value, Cell kind) {
    constexpr std::int64_t last_second = 9'000'000'000;
    if (value.isNull()) return "-";
    if (value.isBool()) return value.asBool() ? "yes" : "no";
    if (value.isArray()) return joined(value);
    if (value.isInt64()) {
        const auto number = value.asInt64();
        return kind == Cell::time && number >= 0 && number < last_second
                   ? format_utc(number * 1'000'000'000)
                   : std::to_string(number);
    }
    return value.isString() ? value.asString() : "?";
}

int show(Output& output, bool quiet, const Json::Value& list, std::span<const Column> columns,
         const std::string& none) {
    if (output.json()) {
        Json::Value document;
        document["data"] = list;
        output.document(document);
        return exit_yes;
    }
    std::vector<Row> rows;
    Row head;
    for (const auto& column : columns) head.emplace_back(column.head);
    for (const auto& one : list) {
        Row row;
        for (const auto& column : columns) row.push_back(cell_of(one[column.field], column.kind));
        rows.push_back(std::move(row));
    }
    if (quiet)
        for (const auto& row : rows) output.line(row.front());
    else if (rows.empty())
        output.line(none);
    else
        output.table(head, rows);
    return exit_yes;
}

}  // namespace together::cli
