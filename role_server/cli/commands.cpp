// SPDX-License-Identifier: Apache-2.0
#include "role_server/cli/commands.h"

#include <cstdio>
#include <functional>
#include <memory>

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/model/change.h"
#include "role_server/model/keys.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"
#include "role_server/model/users.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

// Runs `act` as one change. The operator of the machine is above the tables of roles, but not above
// the invariants, nor beside the audit trail.
Result<std::string> as_one_change(Store& store, const std::string& action,
                                  const std::function<Outcome<std::string>(Change&)>& act) {
    try {
        if (auto migrated = migrate(store); !migrated) return tl::unexpected(migrated.error());
        Author author;
        author.origin = Origin::cli;
        author.request_id = "cli_" + random_base62(16);
        author.actor = "operator";
        Change change(store, author, action, now_seconds());
        auto outcome = act(change);
        if (!outcome) return failure(outcome.error().message);
        if (auto settled = change.settle(); !settled) return failure(settled.error().message);
        change.commit();
        return std::move(*outcome);
    } catch (const soci::soci_error& error) {
        return failure(std::string("the database does not answer: ") + error.what());
    }
}

Json::Value or_null(const std::optional<std::string>& text) {
    return text ? Json::Value(*text) : Json::Value();
}

void record(Change& change, const Organization& organization, const std::string& user_id) {
    const auto member = find_member(change.store(), organization, user_id);
    Json::Value after;
    if (member) {
        after["email"] = member->email;
        after["login"] = or_null(member->login);
        after["role"] = std::string(name_of(member->role));
        after["uid"] =
            member->uid ? Json::Value(static_cast<Json::Int64>(*member->uid)) : Json::Value();
    }
    change.record(organization.id + "/" + user_id, {}, after, {organization.id});
}

Outcome<NewKey> first_token(Change& change, const std::string& user_id, const char* name) {
    Key wanted;
    wanted.name = name;
    wanted.created_by = user_id;
    return create_key(change, {KeyKind::user, user_id}, wanted);
}

Outcome<std::string> first_organization(Change& change, const InitOptions& options) {
    const auto name = checked_name(options.organization, "organization");
    if (!name) return tl::unexpected(name.error());
    const auto owner = create_user(change, options.owner_email);
    if (!owner) return tl::unexpected(owner.error());
    if (options.owner_login)
        if (auto set = set_login(change, *owner, *options.owner_login); !set)
            return tl::unexpected(set.error());
    const auto organization = create_organization(change, *name, owner->id);
    if (!organization) return tl::unexpected(organization.error());
    const auto key = first_token(change, owner->id, "init");
    if (!key) return tl::unexpected(key.error());
    record(change, *organization, owner->id);
    return "organization_id=" + organization->id +
           "\ndefault_project_id=" + organization->default_project_id + "\nuser_id=" + owner->id +
           "\ntoken=" + key->token + "\n";
}

// By its id, or by its name where no other one has that.
Outcome<Organization> the_organization(Store& store, const std::string& named) {
    if (const auto found = find_organization(store, named)) return *found;
    const auto found = organizations_named(store, named);
    if (found.size() == 1) return found.front();
    if (found.empty()) return not_found("organization: " + named);
    std::string ids;
    for (const auto& one : found) ids += (ids.empty() ? "" : ", ") + one.id;
    return conflict("ambiguous", "several organizations are called '" + named +
                                     "': name it by its id, one of " + ids);
}

Outcome<std::string> member(Change& change, const UserOptions& options) {
    auto& store = change.store();
    const auto organization = the_organization(store, options.organization);
    if (!organization) return tl::unexpected(organization.error());
    const auto existing = find_user_by_email(store, options.email);
    const auto user = existing ? Outcome<User>(*existing) : create_user(change, options.email);
    if (!user) return tl::unexpected(user.error());
    if (options.login)
        if (auto set = set_login(change, *user, *options.login); !set)
            return tl::unexpected(set.error());
    if (options.uid)
        if (auto set = set_uid(store, organization->id, user->id, *options.uid); !set)
            return tl::unexpected(set.error());
    if (auto added = add_member(change, *organization, *user, options.role); !added)
        return tl::unexpected(added.error());
    const auto key = first_token(change, user->id, "user add");
    if (!key) return tl::unexpected(key.error());
    record(change, *organization, user->id);
    return "user_id=" + user->id + "\ntoken=" + key->token + "\n";
}

}  // namespace

Result<std::string> init(const InitOptions& options) {
    auto store = Store::create(options.db);
    if (!store) return tl::unexpected(store.error());
    auto done = as_one_change(**store, "init",
                              [&](Change& change) { return first_organization(change, options); });
    // What was just made and holds nothing must not be in the way of the next attempt.
    if (!done) {
        store->reset();
        for (const auto* suffix : {"", "-wal", "-shm"})
            (void)std::remove((options.db + suffix).c_str());
    }
    return done;
}

Result<std::string> add_user(const UserOptions& options) {
    auto store = Store::open(options.db);
    if (!store) return tl::unexpected(store.error());
    return as_one_change(**store, "user add",
                         [&](Change& change) { return member(change, options); });
}

}  // namespace together::roled
