// SPDX-License-Identifier: Apache-2.0
// The content coding gzip (RFC 9110, 8.4.1.3), for what is made once and sent to many.
#pragma once

#include <string>
#include <string_view>

#include "http_server/message.h"

namespace together::http {

// By its Accept-Encoding.
bool accepts_gzip(const Request& request);

// Some 10 µs a kilobyte: not for the I/O thread.
std::string gzip(std::string_view text);

}  // namespace together::http
