// SPDX-License-Identifier: Apache-2.0
// key list, token add, token revoke
#include <array>

#include "role_server/access/credentials.h"
#include "role_server/cli/operator_change.h"
#include "role_server/messages/json.h"
#include "role_server/model/keys.h"
#include "role_server/model/projects.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

// Whose Admins may read what happens to a key.
std::vector<std::string> organizations_with(Store& store, const KeyOwner& owner) {
    if (owner.kind == KeyKind::user) return organizations_of(store, owner.id);
    const auto project = find_project(store, owner.id);
    return project ? std::vector{project->organization_id} : std::vector<std::string>();
}

Json::Value to_json(Store& store, const Key& key) {
    Json::Value value;
    value["id"] = key.id;
    value["kind"] = std::string(word_for(key.owner.kind));
    value["owner_id"] = key.owner.id;
    value["owner"] = key.owner.id;
    if (key.owner.kind == KeyKind::user)
        if (const auto user = find_user(store, key.owner.id)) value["owner"] = user->email;
    value["name"] = key.name;
    value["created_by"] = key.created_by;
    value["created_at"] = json_number(key.created_at);
    value["expires_at"] = json_or_null(key.expires_at);
    value["last_used_at"] = json_or_null(key.last_used_at);
    value["audience"] = json_or_null(key.audience_id);
    return value;
}

Result<Printed> run_list(const Options& options) {
    return as_one_look(options, [&](Store& store) -> Result<Printed> {
        std::vector<Key> keys;
        for_each_key(store, now_seconds(), [&](const Key& key) { keys.push_back(key); });
        Json::Value data(Json::arrayValue);
        for (const auto& key : keys) data.append(to_json(store, key));
        return Printed{
            printed(options, data,
                    {"id", "kind", "owner", "expires_at", "last_used_at", "audience", "name"})};
    });
}

// For who has lost theirs.
Outcome<Fields> add_token(Change& change, const std::string& named) {
    auto& store = change.store();
    const auto user = the_user(store, named);
    if (!user) return tl::unexpected(user.error());
    if (auto known = require_whose(store, *user, named); !known)
        return tl::unexpected(known.error());
    const auto organizations = organizations_of(store, user->id);
    if (organizations.empty())
        return conflict("nowhere", user->email + " is in no organization and no project.");
    const auto token = give_token(change, user->id, "token add");
    if (!token) return tl::unexpected(token.error());
    const auto key_id = read_token(*token)->id;
    change.record(key_id, {}, to_json(store, *find_key(store, key_id, change.now())),
                  organizations);
    return Fields{{"user_id", user->id}, {"key_id", key_id}, {"token", *token}};
}

Result<Printed> run_add(const Options& options) {
    const auto user = options.require("user");
    if (!user) return tl::unexpected(user.error());
    return as_one_change(options, "token add",
                         [&](Change& change) { return add_token(change, *user); });
}

Outcome<Fields> revoke(Change& change, const std::string& named) {
    auto& store = change.store();
    // Somebody who has found a token somewhere has no id.
    const auto token = read_token(named);
    const auto key = find_key(store, token ? token->id : named, change.now());
    if (!key)
        return conflict("unknown",
                        token ? "no such key, or one that opens nothing any more"
                              : "no key '" + named + "', or one that opens nothing any more");
    const auto before = to_json(store, *key);
    revoke_key(change, key->id);
    change.record(key->id, before, {}, organizations_with(store, key->owner));
    return Fields{{"key_id", key->id}, {"kind", before["kind"]}, {"owner", before["owner"]}};
}

Result<Printed> run_revoke(const Options& options) {
    const auto key = options.require("key");
    if (!key) return tl::unexpected(key.error());
    return as_one_change(options, "token revoke",
                         [&](Change& change) { return revoke(change, *key); });
}

// clang-format off
constexpr std::array list_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
});
constexpr std::array add_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"user", "USER", "their id, login or address", false},
});
constexpr std::array revoke_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"key", "KEY", "its id, as key list shows it, or the leaked token itself", false},
});
constexpr std::array commands = std::to_array<Command>({
    {"key list", list_settings, "", R"(
  together-roled key list --db DB
      all that open something: people's tokens, projects' API keys, nodes' keys
)", run_list},
    {"token add", add_settings, "", R"(
  together-roled token add --db DB --user USER
      for who has lost theirs; prints it, once
)", run_add},
    {"token revoke", revoke_settings, "", R"(
  together-roled token revoke --db DB --key KEY
      a key of any kind
)", run_revoke},
});
// clang-format on

}  // namespace

std::span<const Command> key_commands() {
    return commands;
}

}  // namespace together::roled
