// SPDX-License-Identifier: Apache-2.0
// JSON in and out. Strict: duplicate keys, comments, trailing text, bad UTF-8 and more than a few
// levels of nesting are refused, and so is every field that the resource does not know (a misspelt
// "rolle" would otherwise silently mean the default). Thread-safe.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "role_server/base/errors.h"
#include "role_server/messages/message.h"

namespace together::roled {

using Fields = std::initializer_list<std::string_view>;

// The request's body: one object that has no fields but these.
Outcome<Json::Value> body_of(const Request& request, Fields known);

// Nothing where the field is absent; an error where it is there and of another type.
Outcome<std::optional<std::string>> text_field(const Json::Value& object, const char* name);
Outcome<std::optional<std::int64_t>> number_field(const Json::Value& object, const char* name);
Outcome<std::optional<bool>> flag_field(const Json::Value& object, const char* name);
// An error where it is absent too.
Outcome<std::string> required_text(const Json::Value& object, const char* name);

std::string to_text(const Json::Value& value);
Response json_response(unsigned status, const Json::Value& value);
Response error_response(const ApiError& error);

// {"object": "list", "data": [...], "next_cursor": …}
Json::Value list_of(Json::Value data, const std::optional<std::string>& next_cursor);

}  // namespace together::roled
