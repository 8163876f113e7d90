// SPDX-License-Identifier: Apache-2.0
// What has changed in who has access to a project since some day, out of the periods of access that
// reach into that time.
#pragma once

#include <json/value.h>

#include <cstdint>

namespace together::cli {

// Objects of user_id, login, change (added, removed, changed, came_and_went), role_then and
// role_now (null: none), time and by: of the last step that led here. In the order of `periods`,
// which come by user and time, without those who have what they had. `since`: seconds since 1970.
Json::Value access_changes(const Json::Value& periods, std::int64_t since);

}  // namespace together::cli
