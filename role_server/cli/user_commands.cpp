// SPDX-License-Identifier: Apache-2.0
// user add, list, suspend, resume, remove
#include <array>
#include <cstdint>
#include <functional>

#include "role_server/cli/operator_change.h"
#include "role_server/messages/json.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

struct NewMember {
    std::string organization, email;
    std::optional<std::string> login, user_id;
    std::optional<std::int64_t> uid;
    Role role = Role::member;
};

Result<NewMember> new_member_of(const Options& options) {
    NewMember wanted;
    const auto organization = options.require("organization");
    if (!organization) return tl::unexpected(organization.error());
    const auto email = options.require("email");
    if (!email) return tl::unexpected(email.error());
    const auto uid = options.number("uid", 0, UINT32_MAX);
    if (!uid) return tl::unexpected(uid.error());
    const auto role = role_named(options.get("role").value_or("member"));
    if (!role) return failure("--role: a role is admin or member");
    wanted.organization = *organization;
    wanted.email = *email;
    wanted.login = options.get("login");
    wanted.user_id = options.get("user");
    if (options.has("uid")) wanted.uid = static_cast<std::int64_t>(*uid);
    wanted.role = *role;
    return wanted;
}

Outcome<Fields> add_user(Change& change, const NewMember& wanted) {
    auto& store = change.store();
    const auto organization = the_organization(store, wanted.organization);
    if (!organization) return tl::unexpected(organization.error());
    const auto user = account_of(change, wanted.email, wanted.user_id);
    if (!user) return tl::unexpected(user.error());
    if (auto given = give_login(change, *user, wanted.login); !given)
        return tl::unexpected(given.error());
    if (wanted.uid)
        if (auto set = set_uid(change, *organization, user->id, *wanted.uid); !set)
            return tl::unexpected(set.error());
    if (auto added = add_member(change, *organization, *user, wanted.role); !added)
        return tl::unexpected(added.error());
    const auto token = give_token(change, user->id, "user add");
    if (!token) return tl::unexpected(token.error());
    change.record(organization->id + "/" + user->id, {},
                  snapshot_of(store, *organization, user->id), {organization->id});
    return Fields{{"user_id", user->id}, {"token", *token}};
}

Result<Printed> run_add(const Options& options) {
    const auto wanted = new_member_of(options);
    if (!wanted) return tl::unexpected(wanted.error());
    return as_one_change(options, "user add",
                         [&](Change& change) { return add_user(change, *wanted); });
}

Json::Value to_json(const Organization& organization, const Member& member) {
    auto value = snapshot_of(member);
    value["id"] = member.user_id;
    value["organization_id"] = organization.id;
    value["name"] = json_or_null(member.name);
    return value;
}

Json::Value to_json(Store& store, const User& user) {
    Json::Value value;
    value["id"] = user.id;
    value["email"] = user.email;
    value["login"] = json_or_null(user.login);
    value["name"] = json_or_null(user.name);
    value["organizations"] = json_list(organizations_of(store, user.id));
    return value;
}

Result<Printed> list_members(const Options& options, Store& store, const std::string& named) {
    const auto organization = the_organization(store, named);
    if (!organization) return failure(organization.error().message);
    Json::Value data(Json::arrayValue);
    for_each_member(store, *organization, "", INT32_MAX,
                    [&](const Member& one) { data.append(to_json(*organization, one)); });
    return Printed{printed(options, data,
                           {"id", "login", "uid", "role", "owner", "suspended", "until", "email"})};
}

Result<Printed> list_all(const Options& options, Store& store) {
    std::vector<User> users;
    for_each_user(store, [&](const User& user) { users.push_back(user); });
    Json::Value data(Json::arrayValue);
    for (const auto& user : users) data.append(to_json(store, user));
    return Printed{printed(options, data, {"id", "login", "email", "organizations"})};
}

Result<Printed> run_list(const Options& options) {
    return as_one_look(options, [&](Store& store) {
        const auto named = options.get("organization");
        return named ? list_members(options, store, *named) : list_all(options, store);
    });
}

// What is done to one member.
using MemberAct = std::function<Outcome<void>(Change&, const Organization&, const Member&)>;

Result<Printed> change_member(const Options& options, const std::string& action,
                              const MemberAct& act) {
    const auto organization = options.require("organization");
    if (!organization) return tl::unexpected(organization.error());
    const auto user = options.require("user");
    if (!user) return tl::unexpected(user.error());
    return as_one_change_with_consequences(options, action, [&](Change& change) -> Outcome<Fields> {
        const auto found = the_member(change.store(), *organization, *user);
        if (!found) return tl::unexpected(found.error());
        const auto& [place, member] = *found;
        if (auto done = act(change, place, member); !done) return tl::unexpected(done.error());
        change.record(place.id + "/" + member.user_id, snapshot_of(member),
                      snapshot_of(change.store(), place, member.user_id), {place.id});
        return Fields{{"organization_id", place.id}, {"user_id", member.user_id}};
    });
}

Result<Printed> run_suspend(const Options& options) {
    return change_member(options, "user suspend",
                         [](Change& change, const Organization& place, const Member& member) {
                             return set_suspended(change, place, member, true);
                         });
}

Result<Printed> run_resume(const Options& options) {
    return change_member(options, "user resume",
                         [](Change& change, const Organization& place, const Member& member) {
                             return set_suspended(change, place, member, false);
                         });
}

Result<Printed> run_remove(const Options& options) {
    return change_member(options, "user remove", remove_member);
}

// clang-format off
constexpr std::array list_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name or id of the organization", false},
});
constexpr std::array member_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name or id of the organization", false},
    {"user", "USER", "their id, login or address", false},
});
constexpr std::array add_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name or id of the organization", false},
    {"email", "EMAIL", "address of the new member", false},
    {"login", "NAME", "login name on the nodes", false},
    {"uid", "N", "uid on the nodes", false},
    {"role", "ROLE", "admin or member (member), in the organization", false},
    {"user", "USER", "their id, where the address came by an invitation", false},
});
constexpr std::array commands = std::to_array<Command>({
    {"user add", add_settings, "", R"(
  together-roled user add --db DB --organization NAME --email EMAIL
                          [--login NAME] [--uid N] [--role admin|member] [--user USER]
      adds a member, also while the server runs; prints the user's id and token, once
)", run_add},
    {"user list", list_settings, "", R"(
  together-roled user list --db DB [--organization NAME]
)", run_list},
    {"user suspend", member_settings, "", R"(
  together-roled user suspend|resume|remove --db DB --organization NAME --user USER
      suspend: no role and no access, until resume gives back all as it was; remove: from the
      organization and its projects, and who is in no other has no token any more; prints what
      follows from it
)", run_suspend},
    {"user resume", member_settings, "", "", run_resume},
    {"user remove", member_settings, "", "", run_remove},
});
// clang-format on

}  // namespace

std::span<const Command> user_commands() {
    return commands;
}

}  // namespace together::roled
