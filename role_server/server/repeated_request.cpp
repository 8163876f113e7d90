// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/repeated_request.h"

#include <algorithm>
#include <cstdint>

#include "role_server/base/crypto.h"
#include "role_server/messages/json.h"
#include "role_server/model/answered.h"

namespace together::roled {
namespace {

constexpr std::size_t max_key = 128;
constexpr std::int64_t max_answers = 10'000;

// With whose key it came. Who accepts an invitation without an account has nothing but that.
const std::string& asker_of(const RequestContext& context) {
    return context.actor.key_id.empty() ? context.invitation_id : context.actor.key_id;
}

std::string hash_of(const Request& request) {
    return sha256_hex(request.method + ' ' + request.target + '\n' + request.body);
}

}  // namespace

Outcome<std::optional<std::string>> idempotency_key(const RequestContext& context) {
    auto key = header(context.request, "idempotency-key");
    if (!key) return std::optional<std::string>();
    const bool visible =
        std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (key->empty() || key->size() > max_key || !visible)
        return bad_request("invalid_idempotency_key",
                           "Idempotency-Key is 1 to 128 visible characters of ASCII.",
                           "Idempotency-Key");
    return key;
}

Outcome<std::optional<Response>> answered_before(const RequestContext& context,
                                                 const std::string& key) {
    const auto found = find_answered(context.store, asker_of(context), key);
    if (!found) return std::optional<Response>();
    if (found->request_hash != hash_of(context.request))
        return conflict("idempotency_key_reused",
                        "This Idempotency-Key came with another request before.",
                        "Idempotency-Key");
    Response response;
    response.status = found->status;
    response.body = found->body;
    response.headers.emplace_back("Idempotency-Replayed", "true");
    if (found->location) response.headers.emplace_back("Location", *found->location);
    if (found->etag) response.headers.emplace_back("ETag", *found->etag);
    name_revision(response, found->revision);
    return std::optional(std::move(response));
}

Outcome<std::optional<Response>> accepted_before(const RequestContext& context) {
    const auto key = idempotency_key(context);
    if (!key) return tl::unexpected(key.error());
    if (!*key) return std::optional<Response>();
    if (!context.actor.key_id.empty()) return answered_before(context, **key);
    const auto found = find_answered(context.store, context.invitation_id, **key);
    // The hash is of the invitation's secret too: nobody else learns of it.
    if (!found || found->request_hash != hash_of(context.request)) return std::optional<Response>();
    return conflict("already_accepted",
                    "This request has accepted the invitation before, and the token in that answer "
                    "is shown once. Whoever runs this authority makes another: together-roled "
                    "token add --user " +
                        as_json(found->body)["user"]["id"].asString());
}

Outcome<void> require_room_for_answer(const RequestContext& context) {
    if (count_answered(context.store, asker_of(context)) < max_answers) return {};
    return other(
        429, "too_many_answers",
        "The answers to 10,000 requests with an Idempotency-Key are kept for you, each for "
        "a day: send this one without, or when some are over.");
}

void keep_answer(const RequestContext& context, const std::string& key, const Response& response,
                 std::optional<std::int64_t> revision) {
    keep_answered(context.store, asker_of(context), key,
                  {hash_of(context.request), response.status, without_secret(response.body.view()),
                   revision, header(response, "Location"), header(response, "ETag")},
                  context.now);
}

void name_revision(Response& response, std::optional<std::int64_t> revision) {
    if (revision) response.headers.emplace_back("Together-Revision", std::to_string(*revision));
}

std::string without_secret(std::string_view body) {
    auto value = as_json(body);
    if (!value.isObject() || !value.isMember("token")) return std::string(body);
    value.removeMember("token");
    return to_text(value);
}

}  // namespace together::roled
