// SPDX-License-Identifier: Apache-2.0
// A change that the operator of the machine makes, with or without a server running on the
// database. The operator is above the tables of roles, but not above the invariants, nor beside the
// audit trail.
#pragma once

#include <json/value.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/system/result.h"
#include "role_server/base/errors.h"
#include "role_server/cli/command.h"
#include "role_server/cli/options.h"
#include "role_server/model/change.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"

namespace together::roled {

// In their order.
using Fields = std::vector<std::pair<std::string, Json::Value>>;

using Act = std::function<Outcome<Fields>(Change&)>;

struct Done {
    Fields fields;
    Consequences consequences;
};

// Runs `act` as one change, which the trail calls `action`.
Result<Done> change_once(Store& store, const std::string& action, const Act& act);
// The same on the database that the options name; what `act` answers is printed.
Result<Printed> as_one_change(const Options& options, const std::string& action, const Act& act);
// And with it what the change brought about.
Result<Printed> as_one_change_with_consequences(const Options& options, const std::string& action,
                                                const Act& act);

using Look = std::function<Result<Printed>(Store&)>;
// In no transaction, with today's schema.
Result<Printed> on_database(const Options& options, const Look& look);
// Reads from one snapshot.
Result<Printed> as_one_look(const Options& options, const Look& look);

// Lines of name=value; with --json an object.
std::string printed(const Options& options, const Fields& fields);
// A list as a table with these columns, fields of its objects; with --json the list itself.
std::string printed(const Options& options, const Json::Value& data,
                    const std::vector<std::string>& columns);

// By its id, or by its name where no other one has that.
Outcome<Organization> the_organization(Store& store, const std::string& named);
// By id, login or address.
Outcome<User> the_user(Store& store, const std::string& named);

// The account of an address, made where there is none. Nobody has verified whose an address is that
// came in by an invitation: such an account is taken only where `id` names it.
Outcome<User> account_of(Change& change, const std::string& email,
                         const std::optional<std::string>& id);
// The same for who is given something: refused where `named` is an address that nobody has
// verified.
Outcome<void> require_whose(Store& store, const User& user, const std::string& named);
struct OneMember {
    Organization organization;
    Member member;
};
Outcome<OneMember> the_member(Store& store, const std::string& organization,
                              const std::string& user);

// What the trail keeps of a member; null of who is none.
Json::Value snapshot_of(const Member& member);
Json::Value snapshot_of(Store& store, const Organization& organization, const std::string& user_id);

// The first login of somebody. Another one than they have is refused: it is theirs in every
// organization.
Outcome<void> give_login(Change& change, const User& user, const std::optional<std::string>& login);

// A personal token for the API.
Outcome<std::string> give_token(Change& change, const std::string& user_id, const char* name);

}  // namespace together::roled
