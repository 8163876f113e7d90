// SPDX-License-Identifier: Apache-2.0
// What came of asking, where it is not what was asked for: one sentence that says what happened and
// what to do, and an exit status that tells a script which kind it is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "common/system/result.h"
#include "http_client/http_client.h"

namespace together::cli {

// Beside those of cli/verb.h.
inline constexpr int exit_refused = 3;      // your role does not permit it
inline constexpr int exit_unknown = 4;      // no such thing, or several of that name
inline constexpr int exit_conflict = 5;     // the authority does not take it as it is
inline constexpr int exit_token = 6;        // it does not accept the token
inline constexpr int exit_unreachable = 7;  // it did not answer, or not now

struct Trouble {
    int status;
    std::string message;
    std::string code = {};  // the authority's, where the trouble is of its telling
    // It was asked too often, and will answer after that.
    std::optional<std::chrono::seconds> retry_after = {};
};

template <class T>
using Outcome = tl::expected<T, Trouble>;

inline tl::unexpected<Trouble> trouble(int status, std::string message) {
    return tl::unexpected(Trouble{status, std::move(message), {}});
}
inline tl::unexpected<Trouble> trouble(const Error& error) {
    return trouble(2, error.message);
}

// Of an answer that is no 2xx, and no 304 to who has asked for one. `is_change`: it may have been
// carried out although nobody said so.
Trouble trouble_of(const HttpAnswer& answer, const std::string& url, bool is_change);

// Of a 2xx that some other program gave; `text` is what is wrong with it: "no JSON".
Trouble no_authoritys_answer(const std::string& url, const std::string& text, bool is_change);

}  // namespace together::cli
