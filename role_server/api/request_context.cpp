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
