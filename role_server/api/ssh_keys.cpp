// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/ssh_keys.h"

#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/members.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

Json::Value to_json(const SshKey& key) {
    Json::Value value;
    value["object"] = "user.ssh_key";
    value["id"] = key.id;
    value["fingerprint"] = key.fingerprint;
    value["public_key"] = key.public_key;
    value["name"] = key.name;
    value["created_at"] = json_number(key.created_at);
    return value;
}

void record(const RequestContext& context, Change& change, const SshKey& key,
            const Json::Value& before, const Json::Value& after) {
    change.record(key.id, before, after, organizations_of(context.store, context.actor.user_id));
}

}  // namespace

Outcome<Response> list_ssh_keys(RequestContext& context) {
    PageOf page(context.page);
    for_each_ssh_key(context.store, context.actor.user_id, context.page.after, page.wanted(),
                     [&](const SshKey& key) { page.add(to_json(key), key.id); });
    return page.answer();
}

Outcome<Response> get_ssh_key(RequestContext& context) {
    const auto key = find_ssh_key(context.store, context.actor.user_id, context.ids.key);
    if (!key) return not_found("key");
    return json_response(200, to_json(*key));
}

Outcome<Response> add_ssh_key_of_mine(RequestContext& context, Change& change) {
    Body body(context.request, {"public_key", "name"});
    const auto text = body.required_line("public_key");
    const auto name = body.name();
    if (body.is_wrong()) return body.refusal();
    if (auto may = require_some_role(context.store, context.actor.user_id, context.now); !may)
        return tl::unexpected(may.error());
    const auto key = add_ssh_key(change, context.actor.user_id, text, name.value_or(""));
    if (!key) return tl::unexpected(key.error());
    record(context, change, *key, {}, to_json(*key));
    return made_at(path_below(context, key->id), to_json(*key));
}

Outcome<Response> remove_ssh_key_of_mine(RequestContext& context, Change& change) {
    const auto key = find_ssh_key(context.store, context.actor.user_id, context.ids.key);
    if (!key) return not_found("key");
    remove_ssh_key(change, context.actor.user_id, key->id);
    record(context, change, *key, to_json(*key), {});
    return no_content();
}

}  // namespace together::roled
