// SPDX-License-Identifier: Apache-2.0
#include "common/config/ini_file.h"

#include <ini.h>

#include <algorithm>
#include <cstring>

namespace together {
namespace {

constexpr std::size_t max_line = 190;

struct Reading {
    std::string_view rest;
    const IniHandler& handler;
    const SectionHandler& on_section;
    int line = 0;
    std::optional<std::string> problem;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool is_comment(std::string_view line) {
    return line.starts_with('#') || line.starts_with(';');
}

std::optional<std::string> what_libinih_would_misread(std::string_view line) {
    if (line.find('\0') != line.npos) return "a NUL byte";
    if (std::any_of(line.begin(), line.end(),
                    [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; }))
        return "a control character (line endings must be Unix ones)";
    const auto first = line.find_first_not_of(" \t");
    if (first == line.npos || is_comment(line)) return std::nullopt;
    if (line.size() > max_line) return "longer than " + std::to_string(max_line) + " bytes";
    if (first > 0) return "indented; write each setting at the start of a line";
    for (std::size_t i = 1; i < line.size(); ++i)
        if (line[i] == ';' && is_blank(line[i - 1]))
            return "a comment behind a setting; write comments on lines of their own";
    if (line.front() == '[')
        return line.find(']') == line.find_last_not_of(" \t")
                   ? std::nullopt
                   : std::optional<std::string>("a section that does not end with ]");
    const auto sign = line.find_first_of("=:");
    if (sign == 0 || sign == line.npos || line[sign] != '=')
        return "neither a [section] nor a line of the form key = value";
    return std::nullopt;
}

// fgets for libinih: hands out one line, or ends the reading at a line that it would misread.
char* next_line(char* buffer, int size, void* stream) {
    auto& reading = *static_cast<Reading*>(stream);
    if (reading.problem || reading.rest.empty()) return nullptr;
    const auto end = std::min(reading.rest.find('\n'), reading.rest.size());
    auto line = reading.rest.substr(0, end);
    reading.rest.remove_prefix(std::min(end + 1, reading.rest.size()));
    ++reading.line;
    reading.problem = what_libinih_would_misread(line);
    if (reading.problem) return nullptr;
    if (is_comment(line)) line = line.substr(0, 0);
    if (line.starts_with('[') && reading.on_section)
        reading.problem = reading.on_section(line.substr(1, line.find(']') - 1));
    const auto length = std::min(line.size(), static_cast<std::size_t>(size) - 2);
    std::memcpy(buffer, line.data(), length);
    buffer[length] = '\n';
    buffer[length + 1] = '\0';
    return buffer;
}

int handle(void* user, const char* section, const char* key, const char* value) {
    auto& reading = *static_cast<Reading*>(user);
    if (reading.problem) return 1;
    reading.problem = reading.handler({section, key, value == nullptr ? "" : value, reading.line});
    return 1;
}

}  // namespace

Result<void> read_ini(const std::string& text, const std::string& name, const IniHandler& handler,
                      const SectionHandler& on_section) {
    Reading reading{text, handler, on_section, 0, std::nullopt};
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (reading.rest.starts_with(byte_order_mark))
        reading.rest.remove_prefix(byte_order_mark.size());
    if (::ini_parse_stream(next_line, &reading, handle, &reading) != 0 && !reading.problem)
        reading.problem = "cannot be read";
    if (reading.problem)
        return failure(name + ":" + std::to_string(reading.line) + ": " + *reading.problem);
    return {};
}

}  // namespace together
