// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/json_rows.h"

namespace together::roled {
namespace {

std::string value_of(Store::Kind kind, const JsonColumn& column, const std::string& place) {
    if (kind == Store::Kind::sqlite) return "json_extract(r.value, '$[" + place + "]')";
    const auto text = "r.value ->> " + place;
    return column.is_number ? "CAST(" + text + " AS BIGINT)" : text;
}

}  // namespace

std::string select_json_rows(Store::Kind kind, const std::vector<JsonColumn>& columns) {
    std::string values;
    for (const auto& column : columns) {
        const auto place = std::to_string(&column - columns.data());
        values +=
            (values.empty() ? "" : ", ") + value_of(kind, column, place) + " AS " + column.name;
    }
    return "SELECT " + values +
           (kind == Store::Kind::sqlite ? " FROM json_each(:rows) r"
                                        : " FROM json_array_elements(CAST(:rows AS JSON)) r");
}

}  // namespace together::roled
