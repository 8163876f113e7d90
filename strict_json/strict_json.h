// SPDX-License-Identifier: Apache-2.0
// JSON as RFC 8259 has it, in UTF-8: what two programs read differently could let in whom nobody
// means. No name stands twice in an object, and the whole is an object or a list. Not by jsoncpp's
// reader, whose strict mode takes comments, 01, +1, 1. or a mere minus, any text after a NUL and
// halves of surrogate pairs, and which takes four times as long. Thread-safe.
#pragma once

#include <json/value.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "common/system/result.h"

namespace together {

struct JsonLimits {
    // jsoncpp needs some 200 bytes for a value, however small: 8 MiB of "0," are 4 million of them.
    std::size_t values;
    int depth;
};

// The error goes on after "the text is ": "not UTF-8", "not JSON: it has comments". A text of more
// values than the limit is not read to its end.
tl::expected<Json::Value, std::string> parse_strict_json(std::string_view text,
                                                         const JsonLimits& limits);

}  // namespace together
