// SPDX-License-Identifier: Apache-2.0
#include "common/decision/log_line.h"

#include <algorithm>
#include <array>

#include "common/system/duration.h"
#include "common/system/utc.h"

namespace together {
namespace {

constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_.:/@+-,%"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_plain(char c) {
    return plain[static_cast<unsigned char>(c)];
}

void append_escaped(std::string& line, std::string_view value) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (byte < ' ' || byte >= 0x7f) {
            line += "\\x";
            line += hex[byte >> 4];
            line += hex[byte & 15];
        } else {
            line += c;
        }
    }
}

std::string age_value(const Decision& decision) {
    if (!decision.age) return {};
    return decision.age_uncertain ? "uncertain" : format_age(*decision.age);
}

}  // namespace

void append_field(std::string& line, std::string_view key, std::string_view value) {
    if (!line.empty()) line += ' ';
    line += key;
    line += '=';
    if (value.empty()) {
        line += '-';
    } else if (value != "-" && std::all_of(value.begin(), value.end(), is_plain)) {
        line += value;
    } else {
        line += '"';
        append_escaped(line, value);
        line += '"';
    }
}

std::string log_line(const Decision& d, const CallOrigin& origin) {
    std::string line;
    line.reserve(512);
    append_field(line, "login", d.login);
    append_field(line, "uid", d.uid ? std::to_string(*d.uid) : "");
    append_field(line, "service", origin.service);
    append_field(line, "rhost", origin.rhost);
    append_field(line, "pid", std::to_string(origin.pid));
    append_field(line, "action", permission(d.action).name);
    append_field(line, "verdict", name_of(d.verdict));
    append_field(line, "reason", name_of(d.reason));
    append_field(line, "role", d.role_text);
    append_field(line, "project", d.project);
    append_field(line, "revision", d.revision ? std::to_string(*d.revision) : "");
    append_field(line, "age", age_value(d));
    append_field(line, "took_us", std::to_string(origin.took_us));
    append_field(line, "evidence", name_of(d.evidence));
    if (d.would) append_field(line, "would", name_of(*d.would));
    if (d.admitted_until) append_field(line, "admitted_until", format_utc(*d.admitted_until));
    if (d.node_uid && d.reason == Reason::uid_differs)
        append_field(line, "node_uid", std::to_string(*d.node_uid));
    if (!d.detail.empty()) append_field(line, "detail", d.detail);
    if (!d.refresh_problem.empty()) append_field(line, "refresh", d.refresh_problem);
    return line;
}

}  // namespace together
