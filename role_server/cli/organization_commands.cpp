// SPDX-License-Identifier: Apache-2.0
// init, organization add, organization list, owner
#include <array>
#include <cstdio>

#include "role_server/base/validation.h"
#include "role_server/cli/operator_change.h"
#include "role_server/messages/json.h"
#include "role_server/model/keys.h"
#include "role_server/model/users.h"
#include "role_server/store/connection_string.h"

namespace together::roled {
namespace {

struct Wanted {
    std::string organization, owner_email;
    std::optional<std::string> owner_login, owner_id;
};

Result<Wanted> wanted_of(const Options& options) {
    const auto name = options.require("organization");
    if (!name) return tl::unexpected(name.error());
    const auto owner = options.require("owner");
    if (!owner) return tl::unexpected(owner.error());
    return Wanted{*name, *owner, options.get("login"), options.get("user")};
}

// Who has a token gets no other one: nobody would know of it.
Outcome<std::optional<std::string>> token_if_none(Change& change, const std::string& user_id,
                                                  const char* name) {
    bool has_one = false;
    for_each_key(change.store(), {KeyKind::user, user_id}, change.now(), "", 50,
                 [&](const Key& key) { has_one = has_one || !key.audience_id; });
    if (has_one) return std::optional<std::string>();
    const auto token = give_token(change, user_id, name);
    if (!token) return tl::unexpected(token.error());
    return std::optional(*token);
}

Outcome<Fields> make_organization(Change& change, const Wanted& wanted, const char* key_name) {
    auto& store = change.store();
    const auto name = checked_name(wanted.organization, "organization");
    if (!name) return tl::unexpected(name.error());
    const auto owner = account_of(change, wanted.owner_email, wanted.owner_id);
    if (!owner) return tl::unexpected(owner.error());
    if (auto given = give_login(change, *owner, wanted.owner_login); !given)
        return tl::unexpected(given.error());
    const auto organization = create_organization(change, *name, owner->id);
    if (!organization) return tl::unexpected(organization.error());
    const auto token = token_if_none(change, owner->id, key_name);
    if (!token) return tl::unexpected(token.error());
    Json::Value after;
    after["name"] = organization->name;
    after["owner_id"] = owner->id;
    after["default_project_id"] = organization->default_project_id;
    change.record(organization->id, {}, after, {organization->id});
    change.record(organization->id + "/" + owner->id, {},
                  snapshot_of(store, *organization, owner->id), {organization->id});
    Fields made{{"organization_id", organization->id},
                {"default_project_id", organization->default_project_id},
                {"user_id", owner->id}};
    if (*token) made.emplace_back("token", **token);
    return made;
}

Result<Printed> run_init(const Options& options) {
    const auto db = options.require("db");
    if (!db) return tl::unexpected(db.error());
    const auto wanted = wanted_of(options);
    if (!wanted) return tl::unexpected(wanted.error());
    auto store = Store::create(*db);
    if (!store) return tl::unexpected(store.error());
    const auto done = change_once(**store, "init", [&](Change& change) -> Outcome<Fields> {
        if (!all_organizations(change.store()).empty())
            // A database of PostgreSQL is there before it is filled.
            return conflict("exists", "the database exists already and is left alone");
        return make_organization(change, *wanted, "init");
    });
    if (done) return Printed{printed(options, done->fields)};
    store->reset();
    // What was just made and holds nothing must not be in the way of the next attempt.
    if (!is_postgresql(*db))
        for (const auto* suffix : {"", "-wal", "-shm"}) (void)std::remove((*db + suffix).c_str());
    return tl::unexpected(done.error());
}

Result<Printed> run_add(const Options& options) {
    const auto wanted = wanted_of(options);
    if (!wanted) return tl::unexpected(wanted.error());
    return as_one_change(options, "organization add", [&](Change& change) {
        return make_organization(change, *wanted, "organization add");
    });
}

Result<Printed> run_list(const Options& options) {
    return as_one_look(options, [&](Store& store) -> Result<Printed> {
        Json::Value data(Json::arrayValue);
        for (const auto& one : all_organizations(store)) {
            const auto owner = find_user(store, one.owner_id);
            Json::Value value;
            value["id"] = one.id;
            value["name"] = one.name;
            value["owner_id"] = one.owner_id;
            value["owner"] = owner ? owner->email : "";
            value["default_project_id"] = one.default_project_id;
            value["created_at"] = json_number(one.created_at);
            data.append(value);
        }
        return Printed{printed(options, data, {"id", "owner", "default_project_id", "name"})};
    });
}

Outcome<Fields> move_owner(Change& change, const std::string& named, const std::string& user) {
    auto& store = change.store();
    const auto found = the_member(store, named, user);
    if (!found) return tl::unexpected(found.error());
    const auto& [organization, member] = *found;
    if (auto known = require_whose(store, *find_user(store, member.user_id), user); !known)
        return tl::unexpected(known.error());
    if (auto moved = move_ownership(change, organization, member.user_id); !moved)
        return tl::unexpected(moved.error());
    Json::Value before, after;
    before["owner_id"] = organization.owner_id;
    after["owner_id"] = member.user_id;
    change.record(organization.id, before, after, {organization.id});
    const auto moved = *find_organization(store, organization.id);
    change.record(organization.id + "/" + member.user_id, snapshot_of(member),
                  snapshot_of(store, moved, member.user_id), {organization.id});
    return Fields{{"organization_id", organization.id},
                  {"owner_id", member.user_id},
                  {"previous_owner_id", organization.owner_id}};
}

Result<Printed> show_owner(const Options& options, const std::string& named) {
    return as_one_look(options, [&](Store& store) -> Result<Printed> {
        const auto organization = the_organization(store, named);
        if (!organization) return failure(organization.error().message);
        const auto owner = find_user(store, organization->owner_id);
        return Printed{printed(options, Fields{{"organization_id", organization->id},
                                               {"owner_id", organization->owner_id},
                                               {"email", owner ? owner->email : ""}})};
    });
}

Result<Printed> run_owner(const Options& options) {
    const auto organization = options.require("organization");
    if (!organization) return tl::unexpected(organization.error());
    if (!options.has("set")) {
        if (options.has("user")) return failure("--user: another Owner is set with --set");
        return show_owner(options, *organization);
    }
    const auto user = options.require("user");
    if (!user) return tl::unexpected(user.error());
    return as_one_change(options, "owner --set",
                         [&](Change& change) { return move_owner(change, *organization, *user); });
}

// clang-format off
constexpr std::array owner_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name or id of the organization", false},
    {"set", "", "another member becomes the Owner", false},
    {"user", "USER", "their id, login or address", false},
});
constexpr std::array make_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name of the organization", false},
    {"owner", "EMAIL", "address of its Owner", false},
    {"login", "NAME", "login name of the Owner", false},
});
constexpr std::array add_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name of the organization", false},
    {"owner", "EMAIL", "address of its Owner", false},
    {"login", "NAME", "login name of the Owner", false},
    {"user", "USER", "the Owner's id, where the address came by an invitation", false},
});
constexpr std::array list_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
});
constexpr std::array commands = std::to_array<Command>({
    {"init", make_settings, "", R"(
  together-roled init --db DB --organization NAME --owner EMAIL [--login NAME]
      makes a database with one organization; prints its ids and the Owner's token, once
)", run_init},
    {"organization add", add_settings, "", R"(
  together-roled organization add --db DB --organization NAME --owner EMAIL [--login NAME]
                                  [--user USER]
      makes another one; prints the same, no token for an Owner who has one
)", run_add},
    {"organization list", list_settings, "", R"(
  together-roled organization list --db DB
)", run_list},
    {"owner", owner_settings, "", R"(
  together-roled owner --db DB --organization NAME [--set --user USER]
      shows the Owner; with --set, makes another member the Owner, and an Admin; the one that was
      stays an Admin
)", run_owner},
});
// clang-format on

}  // namespace

std::span<const Command> organization_commands() {
    return commands;
}

}  // namespace together::roled
