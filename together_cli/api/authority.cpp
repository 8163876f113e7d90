// SPDX-License-Identifier: Apache-2.0
#include "together_cli/api/authority.h"

#include <json/writer.h>
#include <sys/random.h>

#include <array>
#include <utility>

#include "common/system/parse_number.h"
#include "strict_json/strict_json.h"

namespace together::cli {
namespace {

using namespace std::chrono_literals;

constexpr JsonLimits limits{2'000'000, 16};
constexpr int max_restarts = 5;
constexpr Json::ArrayIndex max_listed = 2'000'000;

std::string hex_of(const unsigned char* bytes, std::size_t count) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

// Nothing where the kernel gives none, as too early at boot: then it is sent without.
std::string new_idempotency_key() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
    return hex_of(bytes.data(), bytes.size());
}

std::string compact(const Json::Value& body) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    return Json::writeString(builder, body);
}

std::string with_parameter(const std::string& path, const std::string& parameter) {
    return path + (path.find('?') == std::string::npos ? "?" : "&") + parameter;
}

bool is_good(const HttpAnswer& answer, const HttpRequest& request) {
    return (answer.status >= 200 && answer.status < 300) ||
           (answer.status == 304 && !request.etag.empty());
}

// A table for a spreadsheet has its own type, and a change may leave nothing to tell.
bool must_be_json(const HttpAnswer& answer, bool is_change) {
    if (answer.status == 304) return false;
    if (is_change) return answer.status != 204 || !answer.body.empty();
    return !answer.content_type.starts_with("text/csv");
}

// What a change brought about is worked with: another shape than the API's says nothing of it.
bool has_shape_of_api(const Json::Value& body) {
    const auto& consequences = body["consequences"];
    if (!consequences.isNull() && !consequences.isObject()) return false;
    for (const auto& list : consequences) {
        if (!list.isArray()) return false;
        for (const auto& id : list)
            if (!id.isString()) return false;
    }
    return true;
}

Result<Json::Value> json_of(const HttpAnswer& answer) {
    if (!answer.content_type.starts_with("application/json")) return failure("no JSON");
    const auto json = parse_strict_json(answer.body, limits);
    if (!json) return failure(json.error());
    if (!json->isObject()) return failure("no object");
    if (!has_shape_of_api(*json)) return failure("of another shape");
    return *json;
}

}  // namespace

Authority::Authority(Credentials credentials, std::chrono::seconds patience)
    : credentials_(std::move(credentials)),
      patience_(patience),
      client_({"together", {}, credentials_.ca_file}) {}

Outcome<Answer> Authority::answer_to(const HttpRequest& request, bool is_change) {
    auto http = client_.send(request);
    // Whether it arrived is not known: with the key it is carried out once.
    if (is_change && http.connection_failed && !request.idempotency_key.empty())
        http = client_.send(request);
    if (!is_good(http, request))
        return tl::unexpected(trouble_of(http, credentials_.url, is_change));
    Answer answer;
    answer.status = http.status;
    answer.etag = http.etag;
    answer.revision = parse_number<std::int64_t>(http.revision);
    if (must_be_json(http, is_change)) {
        auto json = json_of(http);
        if (!json)
            return tl::unexpected(
                no_authoritys_answer(credentials_.url, json.error().message, is_change));
        answer.body = *std::move(json);
    }
    answer.text = std::move(http.body);
    return answer;
}

Outcome<Answer> Authority::get(const std::string& path, const std::string& etag,
                               std::chrono::seconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait + patience_;
    return answer_to({credentials_.url + path, credentials_.token, etag, wait, until, until},
                     false);
}

Outcome<Json::Value> Authority::list(const std::string& path) {
    Json::Value all(Json::arrayValue);
    std::string cursor;
    for (int restarts = 0;;) {
        auto url = with_parameter(path, "limit=1000");
        if (!cursor.empty()) url = with_parameter(url, "after=" + escaped(cursor));
        const auto page = get(url);
        if (!page && page.error().code == "roster_changed" && ++restarts < max_restarts) {
            all.clear();
            cursor.clear();
            continue;
        }
        if (!page) return tl::unexpected(page.error());
        if (!page->body["data"].isArray())
            return trouble(exit_unreachable,
                           credentials_.url + " answered no list where one was asked for.");
        for (const auto& one : page->body["data"])
            if (one.isObject()) all.append(one);
        const auto& next = page->body["next_cursor"];
        if (!next.isString() || next.asString() == cursor) return all;
        // Else it could go on for ever.
        if (page->body["data"].empty() || all.size() > max_listed)
            return trouble(exit_unreachable, credentials_.url + " answered a list without an end.");
        cursor = next.asString();
    }
}

Outcome<Answer> Authority::change(const std::string& method, const std::string& path,
                                  const Json::Value& body, bool dry_run) {
    const auto until = std::chrono::steady_clock::now() + patience_;
    HttpRequest request{credentials_.url + (dry_run ? with_parameter(path, "dry_run=true") : path),
                        credentials_.token,
                        {},
                        0s,
                        until,
                        until};
    request.method = method;
    if (method != "DELETE") request.body = compact(body);
    if (!dry_run) request.idempotency_key = new_idempotency_key();
    if (!dry_run) may_have_changed_ = true;
    auto answer = answer_to(request, true);
    if (answer) answer->is_dry_run = dry_run;
    return answer;
}

std::string escaped(const std::string& text) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (plain.find(c) != plain.npos)
            result += c;
        else
            result += "%" + hex_of(&byte, 1);
    }
    return result;
}

}  // namespace together::cli
