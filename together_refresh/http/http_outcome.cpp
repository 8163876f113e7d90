// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/http/http_outcome.h"

#include <curl/curl.h>

#include <cstdint>

#include "common/system/parse_number.h"

namespace together {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
    const auto number = parse_number<std::int64_t>(text);
    return number && *number >= 0 ? number : std::nullopt;
}

}  // namespace

HttpClientSettings http_settings_of(const Config& config) {
    return {"together-refresh", config.proxy, config.ca_file};
}

HttpOutcome outcome_of(const HttpAnswer& answer) {
    switch (answer.status) {
        case 200:
            return HttpOutcome::page;
        case 304:
            return HttpOutcome::not_modified;
        case 401:
        case 403:
            return HttpOutcome::token_refused;
        case 408:
        case 429:
            return HttpOutcome::try_again;
        case 0:
            return answer.connection_failed ? HttpOutcome::try_again : HttpOutcome::refused;
        default:
            break;
    }
    return answer.status >= 500 && answer.status <= 599 ? HttpOutcome::try_again
                                                        : HttpOutcome::refused;
}

std::string describe(const HttpAnswer& answer) {
    if (answer.status == 0) return answer.error;
    std::string text = "the authority answered " + std::to_string(answer.status);
    if (outcome_of(answer) == HttpOutcome::token_refused)
        text += ": it does not accept this node's token (token_file)";
    else if (answer.status == 404)
        text += ": it knows no such project, or none for this node's token";
    else if (answer.status >= 300 && answer.status <= 399)
        text += ": redirects are refused; base_url must name the authority itself";
    return text;
}

bool is_json(const HttpAnswer& answer) {
    const auto type = answer.content_type.substr(0, answer.content_type.find(';'));
    return type == "application/json" || type == "application/json ";
}

std::optional<Nanoseconds> retry_after_of(const HttpAnswer& answer) {
    const auto seconds = whole_number(answer.retry_after);
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(std::min<std::int64_t>(*seconds, 86'400));
}

Result<std::optional<Nanoseconds>> age_by_as_of(const HttpAnswer& answer, std::int64_t realtime) {
    if (answer.as_of.empty()) return std::nullopt;
    const auto seconds = whole_number(answer.as_of);
    constexpr std::int64_t year_2255 = 9'000'000'000;  // fits into nanoseconds
    if (!seconds || *seconds > year_2255)
        return failure("the authority's Together-As-Of is no number of seconds");
    return Nanoseconds(realtime) - std::chrono::seconds(*seconds);
}

std::optional<Nanoseconds> ahead_of_date(const HttpAnswer& answer, std::int64_t realtime) {
    const auto seconds = curl_getdate(answer.date.c_str(), nullptr);
    if (seconds < 0) return std::nullopt;
    return Nanoseconds(realtime) - std::chrono::seconds(seconds);
}

bool same_etag(std::string_view a, std::string_view b) {
    if (a.starts_with("W/")) a.remove_prefix(2);
    if (b.starts_with("W/")) b.remove_prefix(2);
    return a == b;
}

}  // namespace together
