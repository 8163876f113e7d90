// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <json/writer.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "cli/printable.h"
#include "cli/verb.h"
#include "common/system/errno_text.h"
#include "common/system/io.h"

namespace together {
namespace {

bool wants_colours() {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0') &&
           terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string_view escape_of(Tone tone) {
    switch (tone) {
        case Tone::strong:
            return "\033[1m";
        case Tone::good:
            return "\033[32m";
        case Tone::bad:
            return "\033[1;31m";
        case Tone::warning:
            return "\033[1;33m";
        case Tone::plain:
            break;
    }
    return {};
}

void widen(std::vector<std::size_t>& widths, const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], width_of(printable(row[i])));
}

}  // namespace

Output::Output(bool json) : json_(json), colours_(!json && wants_colours()) {}

void Output::append(std::string_view printable_text, Tone tone) {
    const bool coloured = colours_ && tone != Tone::plain && !printable_text.empty();
    if (coloured) text_ += escape_of(tone);
    text_ += printable_text;
    if (coloured) text_ += "\033[0m";
}

void Output::line(std::string_view text, Tone tone) {
    append(printable(text), tone);
    text_ += '\n';
}

void Output::fields(const Fields& fields) {
    std::size_t width = 0;
    for (const auto& field : fields) width = std::max(width, field.label.size());
    for (const auto& field : fields) {
        text_.append(width - field.label.size(), ' ');
        append(field.label, Tone::strong);
        text_ += field.label.empty() ? "  " : ": ";
        append(printable(field.value), field.tone);
        text_ += '\n';
    }
}

void Output::table(const Row& head, const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(head.size());
    widen(widths, head);
    for (const auto& row : rows) widen(widths, row);
    append_row(head, widths, Tone::strong);
    for (const auto& row : rows) append_row(row, widths, Tone::plain);
}

void Output::append_row(const Row& row, const std::vector<std::size_t>& widths, Tone tone) {
    constexpr std::size_t gap = 2;
    std::size_t pending = 0;  // blanks are written before a cell, so that no line ends with some
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string cell = printable(row[i]);
        const auto width = width_of(cell);
        if (width > 0) {
            text_.append(pending, ' ');
            append(cell, tone);
            pending = 0;
        }
        pending += widths[i] - width + gap;
    }
    text_ += '\n';
}

void Output::document(const Json::Value& document) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    builder["enableYAMLCompatibility"] = true;  // "name": value, as people write it
    builder["precision"] = 12;
    text_ += Json::writeString(builder, document) + "\n";
}

void Output::json_line(const Json::Value& document) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    text_ += Json::writeString(builder, document) + "\n";
}

int Output::fail(const std::string& message, int status) {
    complain(message);
    if (json_) {
        Json::Value error;
        error["error"]["message"] = printable(message);
        document(error);
    }
    return status;
}

void Output::complain(std::string_view message) {
    // Where stderr is gone, nobody is left to tell.
    const auto line = std::string(program_name) + ": " + printable(message) + "\n";
    static_cast<void>(write_full(STDERR_FILENO, line.data(), line.size()));
}

bool Output::flush() {
    const auto text = std::exchange(text_, {});
    if (write_full(STDOUT_FILENO, text.data(), text.size())) return true;
    complain(errno_text("cannot write to stdout", errno));
    return false;
}

}  // namespace together
