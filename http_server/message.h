// SPDX-License-Identifier: Apache-2.0
// Requests and answers as the program behind the server sees them: plain values, no sockets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace together::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string id;      // ours, in logs; also in the answer, but for Backend::answered_id()
    std::string method;  // "GET"; of a HEAD too, whose answer loses its body on the way
    std::string target;  // as sent: path and query
    Headers headers;     // of the head alone, never of a trailer; names in lower case, in order
    std::string body;
    std::string peer;                   // the client's address
    std::shared_ptr<const void> place;  // of a long body; given back with the request
};

// The header's value; nothing where it is absent. Values of several are joined with ", ", which is
// what HTTP says they mean.
std::optional<std::string> header(const Request& request, std::string_view lower_case_name);

// Text that nobody changes any more: shared by all who get the same answer, never copied.
class Body {
  public:
    Body() = default;
    Body(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
    Body(std::shared_ptr<const std::string> text) : text_(std::move(text)) {}

    std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }

  private:
    std::shared_ptr<const std::string> text_;
};

struct Response {
    unsigned status = 200;
    Headers headers;
    Body body;
    std::string_view content_type = "application/json";  // a literal
    bool trusted = false;  // the connection is not closed to make room for another
};

// What the server itself has against a request.
struct Refusal {
    unsigned status;
    std::string code;     // for programs
    std::string message;  // for people: a whole sentence
};
Refusal body_too_large();

}  // namespace together::http
