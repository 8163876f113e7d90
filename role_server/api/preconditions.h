// SPDX-License-Identifier: Apache-2.0
// The request headers that decide how a roster is answered. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "role_server/messages/message.h"

namespace together::roled {

inline constexpr std::chrono::seconds max_wait{60};

// Of what one thing looks like.
std::string etag_of(std::string_view text);

// Whether If-None-Match names `etag`, compared weakly (RFC 9110, 13.1.2): a proxy that compresses
// may have put W/ before it.
bool if_none_match_names(const Request& request, std::string_view etag);

// Whether If-Match names `etag`, compared strongly (RFC 9110, 13.1.1).
bool if_match_names(const Request& request, std::string_view etag);

// What `Prefer: wait=N` (RFC 7240) asks for, at most max_wait. Zero: nothing.
std::chrono::seconds preferred_wait(const Request& request);

}  // namespace together::roled
