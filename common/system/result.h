// SPDX-License-Identifier: Apache-2.0
// Errors are values: a Result is the thing or an Error whose message is a whole sentence for the
// person who reads it at 3 a.m., naming the file, line, key or peer.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace together {

struct Error {
    std::string message;
    bool not_yet = false;  // nothing failed: the answer will be there when one asks again
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(std::string message) {
    return tl::unexpected<Error>(Error{std::move(message), false});
}

}  // namespace together
