// SPDX-License-Identifier: Apache-2.0
// The role authority as its rules read, in maps and sets: written from docs and the permission
// tables of the platform, not from the server's code, and slow. A refused act changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace together::naive {

using Time = std::int64_t;
using End = std::optional<Time>;
using Id = std::string;
// The code of a refusal; empty: done.
using Code = std::string;

struct Member {
    bool admin = false;
    End until;
    bool suspended = false;
};
struct Collaborator {
    bool admin = false;  // as stored
    End until;
};
struct Person {
    std::string email;
    std::optional<std::string> login;
    std::map<Id, std::string> ssh_keys;
};
struct Organization {
    Id owner, default_project;
    bool externals = false, allocates = false;
    std::int64_t first = 10'000, last = 59'999;
    std::map<Id, Member> members;
    std::map<std::int64_t, std::string> numbers;  // holder: "user ID", "group ID", "admin_group ID"
    std::set<std::string> reserved;
};
struct Project {
    Id organization;
    std::string name, group;
    std::int64_t revision = 0;
    std::map<Id, Collaborator> people;
};
struct Key {
    Id user, project, audience;  // a person's, perhaps for an audience, or a project's
};
struct Invitation {
    Id organization, project;
    std::string email, token;
    bool admin = false;
    Id creator;
    Time expires = 0;
    End until;
};

enum class Verdict { allowed, name_only, denied, hidden };

class Authority {
  public:
    Time now = 1'000'000;
    Id actor;                     // whoever does what is done
    std::map<Id, Person> people;  // who has an account
    std::map<Id, Organization> organizations;
    std::map<Id, Project> projects;  // that are not deleted
    std::map<Id, Key> keys;          // that open something
    std::map<Id, Invitation> invitations;
    std::map<std::string, Id> logins;             // of all time, in lower case
    std::set<std::pair<Id, std::string>> groups;  // of all time
    // By project and person, of those who left before it.
    std::map<std::pair<Id, Id>, Time> kept_ends;
    std::int64_t records = 0;  // in the trail

    // --- what is asked ---------------------------------------------------------------------
    std::optional<bool> role_in(const Id& project, const Id& user) const;  // true: Admin
    std::optional<bool> role_in_organization(const Id& organization, const Id& user) const;
    bool is_suspended(const Id& organization, const Id& user) const;
    // `project` may be empty.
    Verdict may(const Id& user, const Id& organization, const Id& project,
                const std::string& action) const;
    // The roster's entries, as JSON; of those who are in it now.
    std::string roster(const Id& project) const;
    std::optional<std::int64_t> uid(const Id& organization, const Id& user) const;
    // "suspended"; "nowhere" of who is in no organization and no project.
    Code may_have_keys(const Id& user) const;
    std::vector<std::string> broken_invariants() const;

    // --- what is done ----------------------------------------------------------------------
    void found(const Id& organization, const Id& default_project, const Id& owner);
    Code create_user(const Id& id, const std::string& email);
    Code add_member(const Id& organization, const Id& user, bool admin, End until);
    Code set_role(const Id& organization, const Id& user, bool admin);
    Code suspend(const Id& organization, const Id& user, bool suspended);
    Code set_until(const Id& organization, const Id& user, End until);
    Code remove_member(const Id& organization, const Id& user);
    Code leave_organization(const Id& organization, const Id& user);
    Code delete_user(const Id& user);
    Code create_project(const Id& id, const Id& organization, const std::string& name,
                        const std::string& group, const Id& creator);
    Code change_project(const Id& id, const std::string& name, const std::string& group);
    Code delete_project(const Id& id);
    Code add_collaborator(const Id& project, const Id& user, bool admin, End until);
    Code set_collaborator_role(const Id& project, const Id& user, bool admin);
    Code set_collaborator_until(const Id& project, const Id& user, End until);
    Code remove_collaborator(const Id& project, const Id& user);
    Code may_accept(const Id& invitation) const;
    Code accept(const Id& invitation, const Id& user);
    Code add_ssh_key(const Id& id, const Id& user, const std::string& text);
    Code set_uid(const Id& organization, const Id& user, std::int64_t uid);
    Code change_settings(const Id& organization, bool externals, bool allocates, std::int64_t first,
                         std::int64_t last);
    Code move_ownership(const Id& organization, const Id& user);
    Code set_login(const Id& user, const std::string& login);
    void end_what_is_over();

    // The end of each change, given what was before it: Admins for those projects that lost theirs,
    // and revisions. `direct`: the project that somebody asked to change, if any.
    Code settle(const Authority& before, const Id& direct);

  private:
    const Member* member(const Id& organization, const Id& user) const;
    bool keeps_login_of(const Id& organization, const Id& user) const;
    // Whether the actor would give themselves more time.
    bool is_own_end_later(const Id& organization, const Id& user, End before, End after) const;
    End end_in(const Id& project, const Id& user) const;
    bool is_over(End until) const { return until && *until <= now; }
    // What a roster shows, whoever is over and not removed yet included, and when who is over.
    std::string told(const Id& project) const;
    std::string entry(const Project& project, const Id& user) const;
    bool has_an_admin(const Id& project) const;
    bool is_somewhere(const Id& user) const;
    bool is_in(const Id& organization, const Id& user) const;
    Code give_number(const Id& organization, const std::string& holder);
    Code give_uid_if_wanted(const Id& organization, const Id& user);
    Code give_uid_to_newcomer(const Id& organization, const Id& user);
    void leave(const Id& organization, const Id& user);
    bool is_suspended_somewhere(const Id& user) const;
    void drop(const Id& project, const Id& user);
    void revoke_of_nobody(const Id& user);
    bool may_invite(const Invitation& one) const;  // whoever made it
    void end_invitations_lost(const Id& organization, const Id& user);
    std::string free_group(const Id& organization, const std::string& name) const;
};

std::string in_lower_case(std::string text);
// Numbers that are no uid.
bool means_nobody(std::int64_t number);

}  // namespace together::naive
