// SPDX-License-Identifier: Apache-2.0
// What a program writes: aligned text for people, or one JSON document for programs.
#pragma once

#include <json/value.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/verb.h"

namespace together {

enum class Tone { plain, strong, good, bad, warning };

// "Label: value", right-aligned at the colon. An empty label continues the field above.
struct Field {
    std::string_view label;
    std::string value;
    Tone tone = Tone::plain;
};
using Fields = std::vector<Field>;

using Row = std::vector<std::string>;

// Collects and writes at the end, so that a failure to write is seen before the exit status says
// that all is well. Every text is made printable here, wherever it came from.
class Output {
  public:
    // Colours only on a terminal that has them, and where nobody asked for none (NO_COLOR).
    explicit Output(bool json);

    bool json() const { return json_; }

    void line(std::string_view text, Tone tone = Tone::plain);
    // Our own text of several lines, as it is.
    void verbatim(std::string_view text) { text_ += text; }
    void fields(const Fields& fields);
    void table(const Row& head, const std::vector<Row>& rows);
    void document(const Json::Value& document);
    // One of many documents, a line each.
    void json_line(const Json::Value& document);

    // On stderr, at once; with --json also as the document {"error": {"message": …}}. Returns the
    // exit status for it.
    int fail(const std::string& message, int status = exit_cannot_tell);
    // On stderr, at once.
    static void complain(std::string_view message);

    // What was collected so far. False, and a complaint, where stdout does not take it.
    bool flush();

  private:
    void append(std::string_view printable_text, Tone tone);
    void append_row(const Row& row, const std::vector<std::size_t>& widths, Tone tone);

    bool json_;
    bool colours_;
    std::string text_;
};

// For JSON: null where there is nothing.
template <class Optional>
Json::Value json_or_null(const Optional& value) {
    return value ? Json::Value(*value) : Json::Value();
}

}  // namespace together
