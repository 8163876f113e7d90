// SPDX-License-Identifier: Apache-2.0
#include "common/decision/log_fields.h"

#include <algorithm>

namespace together {
namespace {

// The place behind the closing quote, or the end.
std::size_t end_of_quoted(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return text.size();
}

std::string without_quotes(std::string_view value) {
    if (!value.starts_with('"')) return std::string(value);
    value.remove_prefix(1);
    if (value.ends_with('"')) value.remove_suffix(1);
    return std::string(value);
}

}  // namespace

LogFields fields_in(std::string_view line) {
    LogFields fields;
    while (!line.empty()) {
        const auto equals = line.find_first_of("= ");
        if (equals == line.npos) break;
        const auto key = line.substr(0, equals);
        const bool has_value = line[equals] == '=';
        line.remove_prefix(equals + 1);
        if (!has_value) continue;
        const auto end =
            line.starts_with('"') ? end_of_quoted(line) : std::min(line.find(' '), line.size());
        if (!key.empty())
            fields.emplace_back(std::string(key), without_quotes(line.substr(0, end)));
        line.remove_prefix(end);
    }
    return fields;
}

std::string field_in(std::string_view line, std::string_view key) {
    for (auto& [name, value] : fields_in(line))
        if (name == key) return std::move(value);
    return {};
}

}  // namespace together
