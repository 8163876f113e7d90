// SPDX-License-Identifier: Apache-2.0
// What is done to the naive authority.
#include <algorithm>
#include <cstdint>

#include "tests/model/naive_authority.h"

namespace together::naive {

Code Authority::settle(const Authority& before, const Id& direct) {
    for (auto& [id, project] : projects) {
        if (told(id) == before.told(id)) continue;
        if (!has_an_admin(id)) {
            if (id == direct) return "last_project_admin";
            project.people[organizations.at(project.organization).owner] = {true, {}};
            ++records;
        }
        ++project.revision;
    }
    return {};
}

// Above all that were given; where the highest is, the lowest that never was.
Code Authority::give_number(const Id& id, const std::string& holder) {
    auto& one = organizations.at(id);
    std::int64_t next = one.first;
    for (const auto& [number, who] : one.numbers)
        if (number >= one.first && number <= one.last) next = number + 1;
    while (means_nobody(next)) ++next;
    if (next > one.last)
        for (next = one.first; next <= one.last; ++next)
            if (!means_nobody(next) && one.numbers.count(next) == 0) break;
    if (next > one.last) return "ids_exhausted";
    one.numbers[next] = holder;
    return {};
}

Code Authority::give_uid_if_wanted(const Id& organization, const Id& user) {
    if (!organizations.at(organization).allocates || uid(organization, user)) return {};
    return give_number(organization, "user " + user);
}

// Half of the numbers is for members and projects.
Code Authority::give_uid_to_newcomer(const Id& id, const Id& user) {
    const auto& one = organizations.at(id);
    if (one.allocates && !uid(id, user) && one.members.count(user) == 0) {
        const auto externals =
            std::count_if(one.numbers.begin(), one.numbers.end(), [&](const auto& given) {
                const auto& [number, holder] = given;
                return holder.starts_with("user ") && one.members.count(holder.substr(5)) == 0 &&
                       number >= one.first && number <= one.last;
            });
        if (externals >= (one.last - one.first + 1) / 2) return "external_ids_exhausted";
    }
    return give_uid_if_wanted(id, user);
}

void Authority::found(const Id& id, const Id& default_project, const Id& owner) {
    organizations[id] = {owner, default_project, false, false, 10'000, 59'999, {}, {}, {}};
    projects[default_project] = {id, "Default Project", "p-default-project", 1, {}};
    groups.insert({id, "p-default-project"});
    (void)give_number(id, "group " + default_project);
    (void)give_number(id, "admin_group " + default_project);
    organizations[id].members[owner] = {true, {}, false};
    projects[default_project].people[owner] = {false, {}};
    ++records;
}

Code Authority::create_user(const Id& id, const std::string& email) {
    for (const auto& [other, one] : people)
        if (in_lower_case(one.email) == in_lower_case(email)) return "email_taken";
    people[id] = {email, {}, {}};
    return {};
}

bool Authority::keeps_login_of(const Id& organization, const Id& user) const {
    const auto& login = people.at(user).login;
    return login && organizations.at(organization).reserved.count(in_lower_case(*login)) > 0;
}

Code Authority::add_member(const Id& organization, const Id& user, bool admin, End until) {
    auto& one = organizations.at(organization);
    if (one.members.count(user) > 0) return "already_member";
    if (keeps_login_of(organization, user)) return "reserved_login";
    one.members[user] = Member{admin, until, false};
    auto& standing = projects.at(one.default_project).people;
    standing[user] = {standing.count(user) > 0 && standing[user].admin, {}};
    return give_uid_if_wanted(organization, user);
}

Code Authority::set_role(const Id& organization, const Id& user, bool admin) {
    auto& one = organizations.at(organization);
    const auto found = one.members.find(user);
    if (found == one.members.end() || is_over(found->second.until)) return "not_found";
    if (found->second.admin != admin && one.owner == user) return "owner";
    if (found->second.admin == admin) return {};
    found->second.admin = admin;
    end_invitations_lost(organization, user);
    return {};
}

Code Authority::suspend(const Id& organization, const Id& user, bool suspended) {
    auto& one = organizations.at(organization);
    const auto found = one.members.find(user);
    if (found == one.members.end() || is_over(found->second.until)) return "not_found";
    if (suspended && one.owner == user) return "owner";
    if (found->second.suspended == suspended) return {};
    found->second.suspended = suspended;
    end_invitations_lost(organization, user);
    return {};
}

Code Authority::set_until(const Id& organization, const Id& user, End until) {
    auto& one = organizations.at(organization);
    const auto found = one.members.find(user);
    if (found == one.members.end() || is_over(found->second.until)) return "not_found";
    if (until && one.owner == user) return "owner";
    if (is_own_end_later(organization, user, found->second.until, until)) return "forbidden";
    found->second.until = until;
    return {};
}

void Authority::drop(const Id& project, const Id& user) {
    auto& there = projects.at(project).people;
    kept_ends.erase({project, user});
    if (const auto until = there.at(user).until; until && !is_over(until))
        kept_ends[{project, user}] = *until;
    there.erase(user);
    std::erase_if(keys, [&](const auto& one) {
        return one.second.user == user && one.second.audience == project;
    });
    end_invitations_lost(projects.at(project).organization, user);
}

// One record each. Who gets the role back has not invited anybody.
void Authority::end_invitations_lost(const Id& organization, const Id& user) {
    records += static_cast<std::int64_t>(std::erase_if(invitations, [&](const auto& entry) {
        const auto& [id, one] = entry;
        return one.organization == organization && one.creator == user && one.expires > now &&
               !is_over(one.until) && !may_invite(one);
    }));
}

bool Authority::may_invite(const Invitation& one) const {
    return may(one.creator, one.organization, one.project,
               one.project.empty() ? "members.invite" : "collaborators.add") == Verdict::allowed;
}

void Authority::revoke_of_nobody(const Id& user) {
    if (!is_somewhere(user))
        std::erase_if(keys, [&](const auto& one) { return one.second.user == user; });
}

void Authority::leave(const Id& organization, const Id& user) {
    for (auto& [id, project] : projects)
        if (project.organization == organization && project.people.count(user) > 0) drop(id, user);
    organizations.at(organization).members.erase(user);
    end_invitations_lost(organization, user);
}

Code Authority::remove_member(const Id& organization, const Id& user) {
    if (member(organization, user) == nullptr) return "not_found";
    if (organizations.at(organization).owner == user) return "owner";
    leave(organization, user);
    revoke_of_nobody(user);
    return {};
}

Code Authority::leave_organization(const Id& organization, const Id& user) {
    const auto* one = member(organization, user);
    return one != nullptr && one->suspended ? "suspended" : remove_member(organization, user);
}

Code Authority::delete_user(const Id& user) {
    if (is_suspended_somewhere(user)) return "suspended";
    for (const auto& [id, one] : organizations)
        if (one.owner == user) return "owner";
    for (const auto& [id, one] : organizations)
        if (is_in(id, user)) leave(id, user);
    revoke_of_nobody(user);
    people.erase(user);
    return {};
}

std::string Authority::free_group(const Id& organization, const std::string& name) const {
    auto group = "p-" + name;
    for (int number = 2; groups.count({organization, group}) > 0; ++number)
        group = "p-" + name + "-" + std::to_string(number);
    return group;
}

Code Authority::create_project(const Id& id, const Id& organization, const std::string& name,
                               const std::string& wanted, const Id& creator) {
    for (const auto& [other, one] : projects)
        if (one.organization == organization && one.name == name) return "project_name_taken";
    const auto group = wanted.empty() ? free_group(organization, name) : wanted;
    if (!groups.insert({organization, group}).second) return "group_taken";
    projects[id] = {organization, name, group, 0, {}};
    for (const auto* kind : {"group ", "admin_group "})
        if (auto given = give_number(organization, kind + id); !given.empty()) return given;
    projects[id].people[creator] = {true, {}};
    return {};
}

Code Authority::change_project(const Id& id, const std::string& name, const std::string& group) {
    auto& project = projects.at(id);
    for (const auto& [other, one] : projects)
        if (other != id && one.organization == project.organization && one.name == name)
            return "project_name_taken";
    if (group != project.group && !groups.insert({project.organization, group}).second)
        return "group_taken";
    // The one that it gives up is free again.
    if (group != project.group) groups.erase({project.organization, project.group});
    project.name = name;
    project.group = group;
    return {};
}

Code Authority::delete_project(const Id& id) {
    for (const auto& [organization, one] : organizations)
        if (one.default_project == id) return "default_project";
    const auto there = projects.at(id).people;
    for (const auto& [user, one] : there) drop(id, user);
    projects.erase(id);
    std::erase_if(keys, [&](const auto& one) {
        return one.second.project == id || one.second.audience == id;
    });
    for (const auto& [user, one] : there) revoke_of_nobody(user);
    std::erase_if(invitations, [&](const auto& one) { return one.second.project == id; });
    return {};
}

Code Authority::add_collaborator(const Id& id, const Id& user, bool admin, End until) {
    auto& project = projects.at(id);
    const auto& organization = organizations.at(project.organization);
    if (!role_in_organization(project.organization, user) && !organization.externals)
        return "not_found";
    if (project.people.count(user) > 0) return "already_collaborator";
    const auto* one = member(project.organization, user);
    if (one != nullptr && one->suspended) return "suspended";
    if (one == nullptr && keeps_login_of(project.organization, user)) return "reserved_login";
    const auto kept = kept_ends.find({id, user});
    const bool counts = kept != kept_ends.end() && !is_over(kept->second);
    // By themselves, and not for longer than they were to be there.
    if (counts && actor == user && organization.owner != user)
        until = std::min(until.value_or(kept->second), kept->second);
    kept_ends.erase({id, user});
    project.people[user] = {admin, until};
    return give_uid_to_newcomer(project.organization, user);
}

Code Authority::set_collaborator_role(const Id& id, const Id& user, bool admin) {
    if (!role_in(id, user)) return "not_found";
    const auto* one = member(projects.at(id).organization, user);
    if (!admin && one != nullptr && one->admin) return "organization_admin";
    auto& row = projects.at(id).people.at(user);
    if (row.admin == admin) return {};
    row.admin = admin;
    end_invitations_lost(projects.at(id).organization, user);
    return {};
}

Code Authority::set_collaborator_until(const Id& id, const Id& user, End until) {
    if (!role_in(id, user)) return "not_found";
    const auto& organization = projects.at(id).organization;
    if (until && organizations.at(organization).default_project == id &&
        member(organization, user) != nullptr)
        return "default_project";
    auto& row = projects.at(id).people.at(user);
    // Also one that their membership's end hides.
    if (is_own_end_later(organization, user, row.until, until)) return "forbidden";
    row.until = until;
    return {};
}

Code Authority::remove_collaborator(const Id& id, const Id& user) {
    const auto& project = projects.at(id);
    if (project.people.count(user) == 0) return "not_found";
    if (organizations.at(project.organization).default_project == id &&
        member(project.organization, user) != nullptr)
        return "default_project";
    drop(id, user);
    revoke_of_nobody(user);
    return {};
}

Code Authority::may_accept(const Id& id) const {
    const auto& one = invitations.at(id);
    return one.expires <= now || is_over(one.until) || !may_invite(one) ? "invalid_invitation" : "";
}

Code Authority::accept(const Id& id, const Id& user) {
    const auto one = invitations.at(id);
    invitations.erase(id);
    if (one.project.empty()) return add_member(one.organization, user, one.admin, one.until);
    if (member(one.organization, user) == nullptr && !organizations.at(one.organization).externals)
        return "no_external_collaborators";
    auto& there = projects.at(one.project).people;
    if (there.count(user) > 0) return "already_collaborator";
    const auto* membership = member(one.organization, user);
    if (membership != nullptr && membership->suspended) return "suspended";
    if (membership == nullptr && keeps_login_of(one.organization, user)) return "reserved_login";
    kept_ends.erase({one.project, user});
    there[user] = {one.admin, one.until};
    return give_uid_to_newcomer(one.organization, user);
}

Code Authority::add_ssh_key(const Id& id, const Id& user, const std::string& text) {
    for (const auto& [other, one] : people.at(user).ssh_keys)
        if (one == text) return "ssh_key_taken";
    people.at(user).ssh_keys[id] = text;
    return {};
}

Code Authority::set_uid(const Id& id, const Id& user, std::int64_t number) {
    auto& one = organizations.at(id);
    const auto has = uid(id, user);
    if (has == number) return {};
    if (one.owner == user && actor != user) return "forbidden";
    if (has) return "uid_already_set";
    if (number < one.first || number > one.last || means_nobody(number)) return "invalid_uid";
    if (!one.numbers.emplace(number, "user " + user).second) return "uid_taken";
    return {};
}

Code Authority::change_settings(const Id& id, bool externals, bool allocates, std::int64_t first,
                                std::int64_t last) {
    auto& one = organizations.at(id);
    one.externals = externals;
    one.allocates = allocates;
    one.first = first;
    one.last = last;
    for (const auto& [user, person] : people)
        if (is_in(id, user))
            if (auto given = give_uid_if_wanted(id, user); !given.empty()) return given;
    return {};
}

Code Authority::move_ownership(const Id& id, const Id& user) {
    auto& one = organizations.at(id);
    const auto found = one.members.find(user);
    if (found == one.members.end()) return "not_found";
    if (found->second.suspended || found->second.until) return "not_permanent";
    found->second.admin = true;
    one.owner = user;
    return {};
}

Code Authority::set_login(const Id& user, const std::string& login) {
    auto& person = people.at(user);
    if (person.login == login) return {};
    const auto key = in_lower_case(login);
    if (logins.count(key) > 0 && logins[key] != user) return "login_taken";
    for (const auto& [id, one] : organizations)
        if (is_in(id, user) && one.reserved.count(key) > 0) return "reserved_login";
    logins[key] = user;
    person.login = login;
    return {};
}

void Authority::end_what_is_over() {
    for (const auto& [id, one] : std::map(organizations))
        for (const auto& [user, membership] : one.members)
            if (is_over(membership.until)) {
                leave(id, user);
                revoke_of_nobody(user);
                ++records;
            }
    for (const auto& [id, project] : std::map(projects))
        for (const auto& [user, one] : project.people)
            if (is_over(one.until) && projects.at(id).people.count(user) > 0) {
                drop(id, user);
                revoke_of_nobody(user);
                ++records;
            }
}

}  // namespace together::naive
