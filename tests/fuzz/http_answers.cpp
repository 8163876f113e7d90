// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/http_answers.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "common/roles/identifiers.h"
#include "role_server/messages/json.h"

namespace together::fuzz {
namespace {

// What stands in docs/role-api.openapi.yaml, and what a request gets that is no HTTP. Never 5xx:
// the database is there, and nobody stops the server.
const std::set<unsigned> allowed{200, 201, 202, 204, 304, 400, 401, 403, 404,
                                 405, 409, 412, 413, 414, 415, 417, 429, 431};
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view take(std::string_view& bytes, std::size_t size) {
    const auto taken = bytes.substr(0, size);
    if (taken.size() < size) throw std::runtime_error("an answer is cut off");
    bytes.remove_prefix(size);
    return taken;
}

std::string_view take_line(std::string_view& bytes) {
    const auto line = take(bytes, bytes.find("\r\n"));
    bytes.remove_prefix(2);
    if (std::any_of(line.begin(), line.end(), [](char c) { return c < 0x20 || c > 0x7e; }))
        throw std::runtime_error("an answer's head has what no head may have");
    return line;
}

void add_header(WireAnswer& answer, std::string_view line) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos)
        throw std::runtime_error("no header: " + std::string(line));
    std::string name(line.substr(0, colon));
    for (auto& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (!answer.headers.emplace(name, line.substr(colon + 2)).second)
        throw std::runtime_error("a header twice: " + name);
}

bool is_hexadecimal(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string value_of(const WireAnswer& answer, const char* name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? "" : found->second;
}

std::string fault_of_error(const WireAnswer& answer) {
    const auto error = roled::as_json(answer.body)["error"];
    if (!error.isObject()) return "an error without its envelope";
    for (const auto* field : {"message", "type", "code"})
        if (!error[field].isString() || error[field].asString().empty())
            return std::string("an error without its ") + field;
    if (!error["param"].isNull() && !error["param"].isString())
        return "an error's param is no text";
    return {};
}

}  // namespace

std::vector<WireAnswer> answers_in(std::string_view bytes, bool head_was_asked) {
    std::vector<WireAnswer> answers;
    while (!bytes.empty()) {
        if (bytes.starts_with(go_on)) {
            bytes.remove_prefix(go_on.size());
            continue;
        }
        WireAnswer answer;
        const auto whole = bytes;
        const auto status_line = take_line(bytes);
        if (!status_line.starts_with("HTTP/1.1 ") && !status_line.starts_with("HTTP/1.0 "))
            throw std::runtime_error("no status line: " + std::string(status_line));
        answer.status = static_cast<unsigned>(std::atoi(status_line.data() + 9));
        for (auto line = take_line(bytes); !line.empty(); line = take_line(bytes))
            add_header(answer, line);
        answer.head = whole.substr(0, whole.size() - bytes.size());
        const auto size = std::strtoul(value_of(answer, "content-length").c_str(), nullptr, 10);
        answer.to_head =
            head_was_asked && size > 0 && (bytes.empty() || bytes.starts_with("HTTP/1."));
        if (!answer.to_head) answer.body = take(bytes, size);
        answers.push_back(std::move(answer));
    }
    return answers;
}

std::string fault_of(const WireAnswer& answer) {
    if (!allowed.contains(answer.status)) return "an answer of " + std::to_string(answer.status);
    const auto id = value_of(answer, "x-request-id");
    if (!id.starts_with("req_") || id.size() != 20 || !is_hexadecimal(id.substr(4)))
        return "an answer without its id";
    const bool bare = answer.status == 204 || answer.status == 304;
    if (bare != (answer.headers.count("content-length") == 0)) return "a length that must not be";
    if (answer.to_head || bare) return {};
    if (!is_utf8(answer.body)) return "an answer that is no UTF-8";
    if (answer.status >= 400) return fault_of_error(answer);
    if (value_of(answer, "content-type") != "application/json") return {};
    return roled::as_json(answer.body).isObject() ? "" : "an answer that is no object of JSON";
}

}  // namespace together::fuzz
