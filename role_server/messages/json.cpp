// SPDX-License-Identifier: Apache-2.0
#include "role_server/messages/json.h"

#include <json/writer.h>

#include <algorithm>
#include <utility>

#include "role_server/base/validation.h"
#include "strict_json/strict_json.h"

namespace together::roled {
namespace {

Outcome<Json::Value> parse(const std::string& text) {
    auto value = parse_strict_json(text, {1000, 8});
    if (value) return *std::move(value);
    return bad_request("invalid_json", "The body is " + value.error() + ".");
}

Refusal wrong_type(const char* name, const char* type) {
    return bad_request("invalid_type", std::string("'") + name + "' must be " + type + ".", name);
}

bool says_json(const std::optional<std::string>& content_type) {
    if (!content_type) return false;
    const auto type = without_case(content_type->substr(0, content_type->find(';')));
    return type.substr(0, type.find_last_not_of(" \t") + 1) == "application/json";
}

}  // namespace

Outcome<Json::Value> body_of(const Request& request, Fields known) {
    if (!says_json(header(request, "content-type")))
        return other(415, "unsupported_media_type",
                     "Send the body as Content-Type: application/json.");
    auto value = parse(request.body);
    if (!value) return value;
    if (!value->isObject()) return bad_request("invalid_json", "The body must be a JSON object.");
    for (const auto& name : value->getMemberNames())
        if (std::find(known.begin(), known.end(), name) == known.end())
            return bad_request("unknown_field", "There is no field '" + name + "' here.", name);
    return value;
}

Outcome<std::optional<std::string>> text_field(const Json::Value& object, const char* name) {
    if (!object.isMember(name)) return std::optional<std::string>();
    const auto& value = object[name];
    if (!value.isString()) return wrong_type(name, "a string");
    return value.asString();
}

Outcome<std::optional<std::int64_t>> number_field(const Json::Value& object, const char* name) {
    if (!object.isMember(name)) return std::optional<std::int64_t>();
    const auto& value = object[name];
    // Not isInt64() alone: it takes 1000.0 too.
    const bool whole = value.type() == Json::intValue || value.type() == Json::uintValue;
    if (!whole || !value.isInt64()) return wrong_type(name, "a whole number");
    return value.asInt64();
}

Outcome<std::optional<bool>> flag_field(const Json::Value& object, const char* name) {
    if (!object.isMember(name)) return std::optional<bool>();
    if (!object[name].isBool()) return wrong_type(name, "true or false");
    return object[name].asBool();
}

Outcome<std::string> required_text(const Json::Value& object, const char* name) {
    auto value = text_field(object, name);
    if (!value) return tl::unexpected(value.error());
    if (!*value)
        return bad_request("missing_field", std::string("'") + name + "' is required.", name);
    return std::move(**value);
}

std::string to_text(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["emitUTF8"] = true;
    return Json::writeString(builder, value);
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
    inner["param"] = error.param.empty() ? Json::Value() : Json::Value(error.param);
    inner["code"] = error.code;
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
    list["next_cursor"] = next_cursor ? Json::Value(*next_cursor) : Json::Value();
    return list;
}

}  // namespace together::roled
