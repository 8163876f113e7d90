// SPDX-License-Identifier: Apache-2.0
// How api-check writes what came.
#pragma once

#include <set>
#include <string>

#include "common/system/clock.h"
#include "http_client/http_client.h"

namespace together {

std::string milliseconds(Nanoseconds time);
std::string count(std::size_t number, const char* what);
// "403 (request id req_1)": whoever writes the authority finds it in its log.
std::string brief(const HttpAnswer& answer);
// A few of them, for a person.
std::string listed(const std::set<std::string>& names);

}  // namespace together
