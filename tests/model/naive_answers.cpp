// SPDX-License-Identifier: Apache-2.0
// What the naive authority is asked.
#include <algorithm>
#include <cstdint>

#include "tests/model/naive_authority.h"

namespace together::naive {
namespace {

// What only an Admin may; whatever else there is, a Member may too.
const std::set<std::string> admins_only = {"organization.write",   "billing.write",
                                           "projects.create",      "members.invite",
                                           "members.remove",       "members.manage_roles",
                                           "project.write",        "collaborators.add",
                                           "collaborators.remove", "collaborators.manage_roles",
                                           "clusters.create",      "clusters.delete",
                                           "clusters.scale",       "clusters.modify",
                                           "volumes.manage"};
const std::set<std::string> of_organizations = {
    "organization.read", "organization.write",  "billing.read", "billing.write",
    "projects.read",     "projects.create",     "members.read", "members.invite",
    "members.remove",    "members.manage_roles"};

Verdict by_role(bool admin, const std::string& action) {
    return admin || admins_only.count(action) == 0 ? Verdict::allowed : Verdict::denied;
}

}  // namespace

std::string in_lower_case(std::string text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return text;
}

bool means_nobody(std::int64_t number) {
    return number == 65534 || number == 65535;
}

const Member* Authority::member(const Id& organization, const Id& user) const {
    const auto& members = organizations.at(organization).members;
    const auto found = members.find(user);
    return found == members.end() ? nullptr : &found->second;
}

std::optional<bool> Authority::role_in_organization(const Id& organization, const Id& user) const {
    const auto* one = member(organization, user);
    if (one == nullptr || one->suspended || is_over(one->until)) return std::nullopt;
    return one->admin;
}

bool Authority::is_suspended(const Id& organization, const Id& user) const {
    const auto* one = member(organization, user);
    return one != nullptr && one->suspended && !is_over(one->until);
}

std::optional<bool> Authority::role_in(const Id& project, const Id& user) const {
    const auto& there = projects.at(project);
    const auto found = there.people.find(user);
    if (found == there.people.end() || is_over(found->second.until)) return std::nullopt;
    const auto* one = member(there.organization, user);
    if (one == nullptr) return found->second.admin;
    if (one->suspended || is_over(one->until)) return std::nullopt;
    return one->admin || found->second.admin;
}

Verdict Authority::may(const Id& user, const Id& organization, const Id& project,
                       const std::string& action) const {
    const auto in_organization = role_in_organization(organization, user);
    if (of_organizations.count(action) > 0) {
        if (in_organization) return by_role(*in_organization, action);
        if (is_suspended(organization, user)) return Verdict::denied;
        const bool external = std::any_of(projects.begin(), projects.end(), [&](const auto& one) {
            return one.second.organization == organization && role_in(one.first, user).has_value();
        });
        if (!external) return Verdict::hidden;
        return action == "organization.read" ? Verdict::name_only : Verdict::denied;
    }
    if (const auto role = role_in(project, user)) return by_role(*role, action);
    return in_organization || is_suspended(organization, user) ? Verdict::denied : Verdict::hidden;
}

std::optional<std::int64_t> Authority::uid(const Id& organization, const Id& user) const {
    for (const auto& [number, holder] : organizations.at(organization).numbers)
        if (holder == "user " + user) return number;
    return std::nullopt;
}

// Nothing of somebody who is suspended.
std::string Authority::entry(const Project& project, const Id& user) const {
    const auto* one = member(project.organization, user);
    if (one != nullptr && one->suspended) return {};
    const auto& person = people.at(user);
    const bool admin = project.people.at(user).admin || (one != nullptr && one->admin);
    const auto number = uid(project.organization, user);
    std::string ssh_keys;
    for (const auto& [id, text] : person.ssh_keys)
        ssh_keys += (ssh_keys.empty() ? "\"" : ",\"") + text + "\"";
    return R"({"object":"project.collaborator","user_id":")" + user + R"(","login":)" +
           (person.login ? '"' + *person.login + '"' : "null") + R"(,"uid":)" +
           (number ? std::to_string(*number) : "null") + R"(,"role":")" +
           (admin ? "admin" : "member") + R"(","external":)" + (one == nullptr ? "true" : "false") +
           R"(,"ssh_keys":[)" + ssh_keys + "]}";
}

std::string Authority::roster(const Id& id) const {
    const auto& project = projects.at(id);
    std::string text;
    for (const auto& [user, one] : project.people)
        if (role_in(id, user)) text += (text.empty() ? "" : ",") + entry(project, user);
    return text;
}

std::string Authority::told(const Id& id) const {
    const auto found = projects.find(id);
    if (found == projects.end()) return {};
    auto text = found->second.group + "\n";
    for (const auto& [user, one] : found->second.people) {
        const auto shown = entry(found->second, user);
        const auto end = end_in(id, user);
        if (!shown.empty()) text += shown + (end ? std::to_string(*end) : "");
    }
    return text;
}

// With the membership, if that is earlier.
End Authority::end_in(const Id& id, const Id& user) const {
    const auto& project = projects.at(id);
    const auto end = project.people.at(user).until;
    const auto* there = member(project.organization, user);
    if (there == nullptr || !there->until) return end;
    return std::min(end.value_or(*there->until), *there->until);
}

bool Authority::is_own_end_later(const Id& organization, const Id& user, End before,
                                 End after) const {
    const bool later = before && (!after || *after > *before);
    return later && actor == user && organizations.at(organization).owner != user;
}

bool Authority::has_an_admin(const Id& id) const {
    const auto& there = projects.at(id).people;
    return std::any_of(there.begin(), there.end(),
                       [&](const auto& one) { return role_in(id, one.first).value_or(false); });
}

bool Authority::is_in(const Id& organization, const Id& user) const {
    return member(organization, user) != nullptr ||
           std::any_of(projects.begin(), projects.end(), [&](const auto& one) {
               return one.second.organization == organization && one.second.people.count(user) > 0;
           });
}

bool Authority::is_somewhere(const Id& user) const {
    return std::any_of(organizations.begin(), organizations.end(),
                       [&](const auto& one) { return is_in(one.first, user); });
}

bool Authority::is_suspended_somewhere(const Id& user) const {
    return std::any_of(organizations.begin(), organizations.end(), [&](const auto& one) {
        return one.second.members.count(user) > 0 && one.second.members.at(user).suspended;
    });
}

Code Authority::may_have_keys(const Id& user) const {
    for (const auto& [id, one] : organizations)
        if (role_in_organization(id, user)) return {};
    for (const auto& [id, one] : projects)
        if (role_in(id, user)) return {};
    return is_suspended_somewhere(user) ? "suspended" : "nowhere";
}

std::vector<std::string> Authority::broken_invariants() const {
    std::vector<std::string> broken;
    const auto say = [&](const std::string& what) { broken.push_back(what); };
    for (const auto& [id, one] : organizations) {
        const auto* owner = member(id, one.owner);
        if (owner == nullptr || !owner->admin || owner->suspended || owner->until)
            say("the Owner of " + id + " is no Admin without an end");
        const auto& standing = projects.at(one.default_project).people;
        for (const auto& [user, membership] : one.members)
            if (standing.count(user) == 0 || standing.at(user).until)
                say(user + " is not in the Default Project for good");
        std::set<std::string> holders;
        for (const auto& [number, holder] : one.numbers)
            if (means_nobody(number) || !holders.insert(holder).second)
                say(holder + " has two numbers, or nobody's");
    }
    for (const auto& [id, project] : projects) {
        const auto& one = project;  // clang 14 captures no structured binding
        const bool swept = std::none_of(one.people.begin(), one.people.end(), [&](const auto& row) {
            const auto* there = member(one.organization, row.first);
            return is_over(row.second.until) || (there != nullptr && is_over(there->until));
        });
        if (swept && !has_an_admin(id)) say(id + " has no Admin");
    }
    for (const auto& [id, key] : keys)
        if (!key.user.empty() && !is_somewhere(key.user)) say(key.user + " is nowhere, with a key");
    return broken;
}

}  // namespace together::naive
