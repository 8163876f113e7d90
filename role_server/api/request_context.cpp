// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/request_context.h"

#include "role_server/messages/json.h"

namespace together::roled {

Author author_of(const RequestContext& context) {
    Author author;
    author.request_id = context.request.id;
    author.address = context.request.peer;
    author.actor = context.actor.user_id.empty() ? context.actor.key_id : context.actor.user_id;
    author.key_id = context.actor.key_id;
    return author;
}

Response made_at(const std::string& path, const Json::Value& value, unsigned status) {
    auto response = json_response(status, value);
    response.headers.emplace_back("Location", path);
    return response;
}

std::string path_below(const RequestContext& context, const std::string& id) {
    std::string path;
    for (const auto& segment : context.uri.segments) path += '/' + segment;
    return path + '/' + id;
}

void record_change(const RequestContext& context, Change& change, const std::string& target,
                   const Json::Value& before, const Json::Value& after) {
    change.record(target, before, after, {context.target.organization_id});
}

Outcome<Response> with_consequences(Json::Value value, Change& change) {
    if (auto kept = change.keep_admins(); !kept) return tl::unexpected(kept.error());
    value["consequences"] = to_json(change.consequences());
    return json_response(200, value);
}

}  // namespace together::roled
