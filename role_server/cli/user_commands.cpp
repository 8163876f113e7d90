// SPDX-License-Identifier: Apache-2.0
// user add
#include <array>

#include "role_server/cli/operator_change.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

struct NewMember {
    std::string organization, email;
    std::optional<std::string> login;
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
    if (options.has("uid")) wanted.uid = static_cast<std::int64_t>(*uid);
    wanted.role = *role;
    return wanted;
}

Outcome<Fields> add_user(Change& change, const NewMember& wanted) {
    auto& store = change.store();
    const auto organization = the_organization(store, wanted.organization);
    if (!organization) return tl::unexpected(organization.error());
    const auto known = find_user_by_email(store, wanted.email);
    const auto user = known ? Outcome<User>(*known) : create_user(change, wanted.email);
    if (!user) return tl::unexpected(user.error());
    if (auto given = give_login(change, *user, wanted.login); !given)
        return tl::unexpected(given.error());
    if (wanted.uid)
        if (auto set = set_uid(store, organization->id, user->id, *wanted.uid); !set)
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

// clang-format off
constexpr std::array add_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name or id of the organization", false},
    {"email", "EMAIL", "address of the new member", false},
    {"login", "NAME", "login name on the nodes", false},
    {"uid", "N", "uid on the nodes", false},
    {"role", "ROLE", "admin or member (member), in the organization", false},
});
constexpr std::array commands = std::to_array<Command>({
    {"user add", add_settings, "", R"(
  together-roled user add --db DB --organization NAME --email EMAIL
                          [--login NAME] [--uid N] [--role admin|member]
      adds a member, also while the server runs; prints the user's id and token, once
)", run_add},
});
// clang-format on

}  // namespace

std::span<const Command> user_commands() {
    return commands;
}

}  // namespace together::roled
