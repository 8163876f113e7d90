// SPDX-License-Identifier: Apache-2.0
// A request's path as it may be kept: without its query, and without the secret of a token that
// somebody put in the place of an id, in any encoding.
#pragma once

#include <string>

#include "role_server/messages/message.h"

namespace together::roled {

std::string shown_path(const Request& request);
// HTTP takes any word for one.
std::string shown_method(const Request& request);

}  // namespace together::roled
