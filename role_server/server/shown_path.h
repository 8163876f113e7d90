// SPDX-License-Identifier: Apache-2.0
// A request's path as it may be kept: without its query, and without the secret of a token that
// somebody put in the place of an id, in any encoding. And what else a client calls things by.
#pragma once

#include <string>

#include "role_server/messages/message.h"

namespace together::roled {

std::string shown_path(const Request& request);
std::string shown_request_id(const std::string& of_client);
// HTTP takes any word for one.
std::string shown_method(const Request& request);

}  // namespace together::roled
