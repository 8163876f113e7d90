// SPDX-License-Identifier: Apache-2.0
// The members of an organization. All in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/base/errors.h"
#include "role_server/model/change.h"
#include "role_server/model/organizations.h"
#include "role_server/model/users.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Member {
    std::string user_id, email;
    std::optional<std::string> login, name;
    std::optional<std::int64_t> uid;
    Role role = Role::member;
    bool owner = false;
    std::int64_t since = 0;
    std::optional<std::string> granted_by;
    std::optional<std::int64_t> until, suspended_at;  // seconds since 1970
};

// At most `limit` of them, in ascending order of user id, from the one that follows `after`.
void for_each_member(Store& store, const Organization& organization, const std::string& after,
                     std::size_t limit, const std::function<void(const Member&)>& visit);
// Where somebody is a member.
struct Membership {
    std::string organization_id, name;
    Role role = Role::member;
};

// Those that count at `now`, in ascending order of organization id, at most `limit`, from the one
// that follows `after`.
void for_each_membership(Store& store, const std::string& user_id, std::int64_t now,
                         const std::string& after, std::size_t limit,
                         const std::function<void(const Membership&)>& visit);

std::optional<Member> find_member(Store& store, const Organization& organization,
                                  const std::string& user_id);

// And so of its Default Project; an external collaborator becomes a member of it. 409 where the
// user is one already, or no uid is left for them. `granted_by`: who let them in, where that is not
// whoever makes the change.
Outcome<void> add_member(Change& change, const Organization& organization, const User& user,
                         Role role, std::optional<std::int64_t> until = {},
                         const std::string& granted_by = {});

// All of these are 409 `owner` for the Owner: always an Admin, for ever, and never suspended.
Outcome<void> set_member_role(Change& change, const Organization& organization,
                              const Member& member, Role role);
// Every role is set aside and comes back as it was.
Outcome<void> set_suspended(Change& change, const Organization& organization, const Member& member,
                            bool suspended);
// 403 who would lengthen their own.
Outcome<void> set_member_until(Change& change, const Organization& organization,
                               const Member& member, std::optional<std::int64_t> until);
// From the organization's projects too; who is nowhere any more has no keys either.
Outcome<void> remove_member(Change& change, const Organization& organization, const Member& member);

// By themselves. 409 suspended, too: they would be free to come back as an external collaborator.
Outcome<void> leave_organization(Change& change, const Organization& organization,
                                 const Member& member);

// 409 suspended: in any organization, for who wants to leave all of them.
Outcome<void> require_not_suspended(Store& store, const std::string& user_id);
// 409 suspended: in an organization, and without a role anywhere: what opens nothing now would open
// something later.
Outcome<void> require_some_role(Store& store, const std::string& user_id, std::int64_t now);

// The organization that they joined first: its Admins change what is theirs everywhere.
bool is_home(Store& store, const Organization& organization, const std::string& user_id);

// Every organization and every project. The caller has made sure that the user owns none.
void leave_everything(Change& change, const std::string& user_id);

// Where the organization allocates uids and the user has none. 409 ids_exhausted.
Outcome<void> give_uid_if_wanted(Change& change, const Organization& organization,
                                 const std::string& user_id);

}  // namespace together::roled
