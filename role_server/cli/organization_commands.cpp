// SPDX-License-Identifier: Apache-2.0
// init, organization add, organization list
#include <array>
#include <cstdio>
#include <memory>

#include "role_server/base/validation.h"
#include "role_server/cli/operator_change.h"
#include "role_server/model/keys.h"
#include "role_server/model/users.h"
#include "role_server/store/connection_string.h"

namespace together::roled {
namespace {

struct Wanted {
    std::string organization, owner_email;
    std::optional<std::string> owner_login;
};

Result<Wanted> wanted_of(const Options& options) {
    const auto name = options.require("organization");
    if (!name) return tl::unexpected(name.error());
    const auto owner = options.require("owner");
    if (!owner) return tl::unexpected(owner.error());
    return Wanted{*name, *owner, options.get("login")};
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
    const auto known = find_user_by_email(store, wanted.owner_email);
    const auto owner = known ? Outcome<User>(*known) : create_user(change, wanted.owner_email);
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
    auto done = as_one_change(**store, options, "init", [&](Change& change) -> Outcome<Fields> {
        if (!all_organizations(change.store()).empty())
            return conflict("exists",
                            "The database has organizations already; another one is made with: "
                            "together-roled organization add");
        return make_organization(change, *wanted, "init");
    });
    if (done || is_postgresql(*db)) return done;
    // What was just made and holds nothing must not be in the way of the next attempt.
    store->reset();
    for (const auto* suffix : {"", "-wal", "-shm"}) (void)std::remove((*db + suffix).c_str());
    return done;
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
            value["created_at"] = static_cast<Json::Int64>(one.created_at);
            data.append(value);
        }
        return Printed{printed(options, data, {"id", "owner", "default_project_id", "name"})};
    });
}

// clang-format off
constexpr std::array make_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name of the organization", false},
    {"owner", "EMAIL", "address of its Owner", false},
    {"login", "NAME", "login name of the Owner", false},
});
constexpr std::array list_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
});
constexpr std::array commands = std::to_array<Command>({
    {"init", make_settings, "", R"(
  together-roled init --db DB --organization NAME --owner EMAIL [--login NAME]
      makes a database with one organization; prints its ids and the Owner's token, once
)", run_init},
    {"organization add", make_settings, "", R"(
  together-roled organization add --db DB --organization NAME --owner EMAIL [--login NAME]
      makes another one; prints the same, no token for an Owner who has one
)", run_add},
    {"organization list", list_settings, "", R"(
  together-roled organization list --db DB
)", run_list},
});
// clang-format on

}  // namespace

std::span<const Command> organization_commands() {
    return commands;
}

}  // namespace together::roled
