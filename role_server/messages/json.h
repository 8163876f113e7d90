// SPDX-License-Identifier: Apache-2.0
// JSON out. Thread-safe.
#pragma once

#include <json/value.h>

#include <optional>
#include <string>

#include "role_server/base/errors.h"
#include "role_server/messages/message.h"

namespace together::roled {

std::string to_text(const Json::Value& value);
// What to_text() made; null where it is none.
Json::Value as_json(const std::string& text);
Response json_response(unsigned status, const Json::Value& value);
Response error_response(const ApiError& error);

// {"object": "list", "data": [...], "next_cursor": …}
Json::Value list_of(Json::Value data, const std::optional<std::string>& next_cursor);

}  // namespace together::roled
