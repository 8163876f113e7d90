// SPDX-License-Identifier: Apache-2.0
#include "together_cli/api/trouble.h"

#include <json/value.h>

#include <algorithm>
#include <cstdint>

#include "cli/verb.h"
#include "common/system/parse_number.h"
#include "strict_json/strict_json.h"

namespace together::cli {
namespace {

constexpr JsonLimits limits{1000, 8};
constexpr char look[] = " Look whether the change was made before you make it again.";

// The object in {"error": {…}}; null where the answer is not the authority's.
Json::Value error_in(const HttpAnswer& answer) {
    if (!answer.content_type.starts_with("application/json")) return {};
    const auto json = parse_strict_json(answer.body, limits);
    if (!json || !json->isObject()) return {};
    const auto& error = (*json)["error"];
    return error.isObject() && error["message"].isString() && error["code"].isString()
               ? error
               : Json::Value();
}

std::string sentence(std::string text) {
    if (!text.empty() && text.back() != '.') text += '.';
    return text;
}

std::string whom_to_ask(const Json::Value& error) {
    std::string names;
    if (!error["ask"].isArray()) return names;
    for (const auto& one : error["ask"])
        if (one.isString()) names += (names.empty() ? " Ask: " : ", ") + one.asString();
    return names.empty() ? names : names + ".";
}

Trouble no_answer(const HttpAnswer& answer, const std::string& url, bool is_change) {
    std::string text;
    if (answer.node_failed)
        text = "this machine cannot ask " + url + ": " + answer.error;
    else if (answer.tls_failed)
        text = "no trusted TLS with " + url + ": " + sentence(answer.error) +
               " If its certificate is from an authority of your own, log in with --ca-file";
    else if (answer.timed_out)
        text = url + " did not answer in time: try again";
    else
        text = "cannot reach " + url + ": " + answer.error;
    text = sentence(text);
    if (is_change) text += look;
    return {exit_unreachable, text, {}};
}

Trouble not_the_authoritys(const HttpAnswer& answer, const std::string& url, bool is_change) {
    const auto status = std::to_string(answer.status);
    if (answer.status >= 300 && answer.status < 400 && answer.status != 304)
        return {
            exit_unreachable,
            url + " sends elsewhere (" + status + "): log in with the URL of the authority itself.",
            {}};
    if (answer.status == 404)
        return {exit_unreachable,
                "there is no role authority at " + url + " (404): log in with its URL.",
                {}};
    return {exit_unreachable,
            url + " answered " + status + ", and not as a role authority does: try again later." +
                (is_change ? look : ""),
            {}};
}

std::string later(const HttpAnswer& answer) {
    return answer.retry_after.empty() ? " Try again in a moment."
                                      : " Try again in " + answer.retry_after + " s.";
}

std::chrono::seconds pause_of(const HttpAnswer& answer) {
    return std::chrono::seconds(std::clamp<std::int64_t>(
        parse_number<std::int64_t>(answer.retry_after).value_or(1), 1, 3600));
}

}  // namespace

Trouble trouble_of(const HttpAnswer& answer, const std::string& url, bool is_change) {
    if (answer.status == 0) return no_answer(answer, url, is_change);
    const auto error = error_in(answer);
    if (error.isNull()) return not_the_authoritys(answer, url, is_change);
    const auto code = error["code"].asString();
    const auto message = sentence(error["message"].asString());
    switch (answer.status) {
        case 401:
            if (code == "account_exists") return {exit_token, message, code};
            return {exit_token,
                    url + " does not accept your token: " + message +
                        " Log in again: together login " + url,
                    code};
        case 403:
            return {exit_refused, message + whom_to_ask(error), code};
        case 404:
            return {exit_unknown, message, code};
        case 429:
            return {exit_unreachable, message + later(answer), code, pause_of(answer)};
        default:
            if (answer.status < 500) return {exit_conflict, message, code};
            return {exit_unreachable,
                    url + " cannot answer (" + std::to_string(answer.status) + ", request " +
                        answer.request_id + "): " + message + later(answer),
                    code};
    }
}

Trouble no_authoritys_answer(const std::string& url, const std::string& text, bool is_change) {
    return {exit_unreachable,
            url + " answered what no role authority answers: the text is " + text + "." +
                (is_change ? look : ""),
            {}};
}

}  // namespace together::cli
