// SPDX-License-Identifier: Apache-2.0
// JSON out, and the parts of it that every answer is made of. Thread-safe.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "role_server/base/errors.h"
#include "role_server/messages/message.h"

namespace together::roled {

std::string to_text(const Json::Value& value);
// A text as JSON, with its quotes.
std::string json_text(std::string_view text);
// What to_text() made; null where it is none.
Json::Value as_json(std::string_view text);

Json::Value json_number(std::int64_t number);
Json::Value json_or_null(const std::optional<std::int64_t>& number);
Json::Value json_or_null(const std::optional<std::string>& text);
// Null of an empty one.
Json::Value json_unless_empty(const std::string& text);

// Of texts, in their order.
template <class Texts>
Json::Value json_list(const Texts& texts) {
    Json::Value list(Json::arrayValue);
    for (const auto& text : texts) list.append(text);
    return list;
}

Response json_response(unsigned status, const Json::Value& value);
Response error_response(const ApiError& error);

// {"object": "list", "data": [...], "next_cursor": …}
Json::Value list_of(Json::Value data, const std::optional<std::string>& next_cursor);

}  // namespace together::roled
