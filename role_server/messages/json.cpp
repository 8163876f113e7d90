// SPDX-License-Identifier: Apache-2.0
#include "role_server/messages/json.h"

#include <json/writer.h>

#include <algorithm>
#include <utility>

#include "strict_json/strict_json.h"

namespace together::roled {

std::string to_text(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["emitUTF8"] = true;
    return Json::writeString(builder, value);
}

std::string json_text(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    if (!plain) return to_text(Json::Value(text.data(), text.data() + text.size()));
    std::string whole;
    whole.reserve(text.size() + 2);
    whole += '"';
    whole += text;
    whole += '"';
    return whole;
}

Json::Value as_json(std::string_view text) {
    auto value = parse_strict_json(text, {1'000'000, 16});
    return value ? std::move(*value) : Json::Value();
}

Json::Value json_number(std::int64_t number) {
    return {static_cast<Json::Int64>(number)};
}

Json::Value json_or_null(const std::optional<std::int64_t>& number) {
    return number ? json_number(*number) : Json::Value();
}

Json::Value json_or_null(const std::optional<std::string>& text) {
    return text ? Json::Value(*text) : Json::Value();
}

Json::Value json_unless_empty(const std::string& text) {
    return text.empty() ? Json::Value() : Json::Value(text);
}

Response json_response(unsigned status, const Json::Value& value) {
    Response response;
    response.status = status;
    response.body = to_text(value);
    return response;
}

Response error_response(const ApiError& error) {
    Json::Value envelope;
    auto& inner = envelope["error"];
    inner["message"] = error.message;
    inner["type"] = type_of(error);
    inner["param"] = json_unless_empty(error.param);
    inner["code"] = error.code;
    if (!error.allowed_roles.empty()) inner["allowed_roles"] = json_list(error.allowed_roles);
    if (!error.ask.empty()) inner["ask"] = json_list(error.ask);
    auto response = json_response(error.status, envelope);
    if (error.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (error.status == 429 || error.status == 503)
        response.headers.emplace_back("Retry-After", "1");
    return response;
}

Json::Value list_of(Json::Value data, const std::optional<std::string>& next_cursor) {
    Json::Value list;
    list["object"] = "list";
    list["data"] = data.isArray() ? std::move(data) : Json::Value(Json::arrayValue);
    list["next_cursor"] = json_or_null(next_cursor);
    return list;
}

}  // namespace together::roled
