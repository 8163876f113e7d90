// SPDX-License-Identifier: Apache-2.0
// What an HTTP answer means: the one table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/config/config.h"
#include "common/system/clock.h"
#include "common/system/result.h"
#include "http_client/http_client.h"

namespace together {

// As together.conf has it.
HttpClientSettings http_settings_of(const Config& config);

enum class HttpOutcome {
    page,           // 200: a page to parse
    not_modified,   // 304
    token_refused,  // 401, 403: our token is bad, never a user
    try_again,      // 408, 429, 5xx, a connection that failed
    refused,        // anything else
};

HttpOutcome outcome_of(const HttpAnswer& answer);

// "the authority answered 503 (request id …)", or why there was no answer.
std::string describe(const HttpAnswer& answer);

// application/json, whatever its parameters.
bool is_json(const HttpAnswer& answer);

// Retry-After in seconds, or nothing; a date is not understood (nodes' clocks may be wrong).
std::optional<Nanoseconds> retry_after_of(const HttpAnswer& answer);

// How old the answer is by its Together-As-Of, where that is present. Negative: the authority's
// clock is ahead of ours. Nothing where it is absent; an error where it is no number.
Result<std::optional<Nanoseconds>> age_by_as_of(const HttpAnswer& answer, std::int64_t realtime);

// How far this node's clock, which says `realtime`, is ahead of the answer's Date. Nothing where
// that is absent or no date.
std::optional<Nanoseconds> ahead_of_date(const HttpAnswer& answer, std::int64_t realtime);

// ETags compared weakly (RFC 9110, 8.8.3.2): a proxy that compresses makes W/"r7" of "r7".
bool same_etag(std::string_view a, std::string_view b);

}  // namespace together
