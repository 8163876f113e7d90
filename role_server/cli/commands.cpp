// SPDX-License-Identifier: Apache-2.0
#include "role_server/cli/commands.h"

#include <cstdio>
#include <functional>
#include <memory>

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/model/audit.h"
#include "role_server/model/organizations.h"
#include "role_server/model/users.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

// Runs `change` in one transaction. The operator of the machine is above the tables of roles, but
// not above the invariants, nor beside the audit trail.
Result<std::string> in_transaction(Store& store,
                                   const std::function<Outcome<std::string>()>& change) {
    try {
        if (auto migrated = migrate(store); !migrated) return tl::unexpected(migrated.error());
        Transaction transaction(store, Transaction::Mode::write);
        auto outcome = change();
        if (!outcome) return failure(outcome.error().message);
        transaction.commit();
        return std::move(*outcome);
    } catch (const soci::soci_error& error) {
        return failure(std::string("the database does not answer: ") + error.what());
    }
}

void record(Store& store, const std::string& action, const Organization& organization,
            const User& user) {
    AuditRecord record;
    record.request_id = "cli_" + random_base62(16);
    record.organization_id = organization.id;
    record.actor = "operator";
    record.action = action;
    record.target = user.id;
    record.after["email"] = user.email;
    write(store, record);
}

Outcome<void> set_identity(Store& store, const User& user, const std::optional<std::string>& login,
                           const std::optional<std::int64_t>& uid) {
    if (login && user.login != login)
        if (auto set = set_login(store, user, *login); !set) return set;
    return uid ? set_uid(store, user, *uid) : Outcome<void>();
}

Outcome<std::string> first_organization(Store& store, const InitOptions& options) {
    const auto name = checked_name(options.organization, "organization");
    if (!name) return tl::unexpected(name.error());
    const auto owner = create_user(store, options.owner_email);
    if (!owner) return tl::unexpected(owner.error());
    if (auto set = set_identity(store, *owner, options.owner_login, {}); !set)
        return tl::unexpected(set.error());
    const auto organization = create_organization(store, *name, owner->id);
    const auto key = give_token(store, owner->id, "init");
    record(store, "init", organization, *owner);
    return "organization_id=" + organization.id +
           "\ndefault_project_id=" + organization.default_project_id + "\nuser_id=" + owner->id +
           "\ntoken=" + key.token + "\n";
}

Outcome<std::string> member(Store& store, const UserOptions& options) {
    auto organization = find_organization(store, options.organization);
    if (!organization) organization = find_organization_named(store, options.organization);
    if (!organization) return not_found("organization: " + options.organization);
    const auto existing = find_user_by_email(store, options.email);
    const auto user = existing ? Outcome<User>(*existing) : create_user(store, options.email);
    if (!user) return tl::unexpected(user.error());
    if (auto set = set_identity(store, *user, options.login, options.uid); !set)
        return tl::unexpected(set.error());
    const auto current = find_user(store, user->id);
    if (auto added = add_member(store, *organization, *current, options.role); !added)
        return tl::unexpected(added.error());
    const auto key = give_token(store, user->id, "user add");
    record(store, "user add", *organization, *user);
    return "user_id=" + user->id + "\ntoken=" + key.token + "\n";
}

}  // namespace

Result<std::string> init(const InitOptions& options) {
    auto store = Store::create(options.db);
    if (!store) return tl::unexpected(store.error());
    auto done = in_transaction(**store, [&] { return first_organization(**store, options); });
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
    return in_transaction(**store, [&] { return member(**store, options); });
}

}  // namespace together::roled
