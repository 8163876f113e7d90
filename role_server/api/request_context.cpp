// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/request_context.h"

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

}  // namespace together::roled
