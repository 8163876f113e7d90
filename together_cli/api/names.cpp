// SPDX-License-Identifier: Apache-2.0
#include "together_cli/api/names.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "cli/printable.h"
#include "common/roles/identifiers.h"

namespace together::cli {
namespace {

constexpr std::array<const char*, 2> id_and_name = {"id", "name"};
constexpr std::array<const char*, 2> of_collaborators = {"user_id", "login"};
// Not "name": each gives themselves that one, and could be taken for somebody else.
constexpr std::array<const char*, 3> of_members = {"user_id", "login", "email"};
constexpr std::array<std::string_view, 5> id_prefixes = {"user_", "proj_", "key_", "org_", "inv_"};
constexpr Json::ArrayIndex max_told = 10;
constexpr char ambiguous[] = "ambiguous";

std::string without_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

// Whoever may choose a name could choose somebody else's id.
bool is_id(std::string_view text) {
    constexpr auto in_id = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '-';
    };
    return std::all_of(text.begin(), text.end(), in_id) &&
           std::any_of(id_prefixes.begin(), id_prefixes.end(),
                       [&](std::string_view prefix) { return text.starts_with(prefix); });
}

std::string shown(const Json::Value& one, std::span<const char* const> fields) {
    for (const char* field : fields.subspan(1))
        if (auto text = text_in(one, field); !text.empty()) return text;
    return text_in(one, fields[0]);
}

std::string listed(const Json::Value& list, std::span<const char* const> fields) {
    std::string names;
    for (Json::ArrayIndex i = 0; i < std::min(list.size(), max_told); ++i)
        names += (i == 0 ? "" : ", ") + shown(list[i], fields);
    if (list.size() > max_told) names += " and " + std::to_string(list.size() - max_told) + " more";
    return names;
}

std::string told(const Json::Value& list, std::span<const char* const> fields) {
    return list.empty() ? "there is none" : "there are: " + listed(list, fields);
}

Json::Value with_text(const Json::Value& list, const char* field, const std::string& text) {
    Json::Value found(Json::arrayValue);
    for (const auto& one : list)
        if (without_case(text_in(one, field)) == text) found.append(one);
    return found;
}

// Those that nobody has named: all that you are in.
Outcome<Named> only_one(const Json::Value& mine, const std::string& what,
                        const std::string& option) {
    if (mine.size() == 1) return Named{text_in(mine[0U], "id"), text_in(mine[0U], "name")};
    if (mine.empty()) return trouble(exit_unknown, "you are in no " + what + ".");
    return trouble(exit_unknown, "which " + what + "? You are in " + listed(mine, id_and_name) +
                                     ": name one with " + option);
}

Outcome<Named> named(const Json::Value& list, const std::string& text, const std::string& what) {
    const auto one = one_named(list, id_and_name, text, what);
    if (!one) return tl::unexpected(one.error());
    return Named{text_in(*one, "id"), text_in(*one, "name")};
}

// An Admin of the organization may run a project that they are not in.
Outcome<Json::Value> with_those_of_organizations(Authority& authority, Json::Value mine) {
    const auto organizations = authority.list("/users/me/organizations");
    if (!organizations) return tl::unexpected(organizations.error());
    std::set<std::string> known;
    for (const auto& one : mine) known.insert(text_in(one, "id"));
    for (const auto& organization : *organizations) {
        const auto projects =
            authority.list("/organizations/" + escaped(text_in(organization, "id")) + "/projects");
        if (!projects && projects.error().status == exit_refused) continue;
        if (!projects) return tl::unexpected(projects.error());
        for (const auto& one : *projects)
            if (known.insert(text_in(one, "id")).second) mine.append(one);
    }
    return mine;
}

// An external collaborator is in projects of organizations whose name alone they see.
Outcome<Json::Value> with_those_from_outside(Authority& authority, Json::Value mine) {
    const auto projects = authority.list("/users/me/projects");
    if (!projects) return tl::unexpected(projects.error());
    std::set<std::string> known;
    for (const auto& one : mine) known.insert(text_in(one, "id"));
    for (const auto& project : *projects) {
        const auto id = text_in(project, "organization_id");
        if (id.empty() || !known.insert(id).second) continue;
        const auto organization = authority.get("/organizations/" + escaped(id));
        if (!organization) return tl::unexpected(organization.error());
        mine.append(organization->body);
    }
    return mine;
}

// A project's own key is nobody, and knows one project, by its id.
Outcome<Named> project_of_key(Authority& authority, const std::string& wanted,
                              const Trouble& not_a_persons) {
    const auto about = authority.get("/whoami");
    const auto own = about ? text_in(about->body, "project_id") : std::string();
    if (own.empty() || (!wanted.empty() && wanted != own)) return tl::unexpected(not_a_persons);
    return Named{own, own};
}

}  // namespace

std::string text_in(const Json::Value& object, const char* field) {
    if (!object.isObject()) return {};
    const auto& value = object[field];
    return value.isString() ? value.asString() : std::string();
}

std::string name_of_person(const Json::Value& person) {
    return shown(person, std::array{"user_id", "login", "email"});
}

Outcome<Json::Value> one_named(const Json::Value& list, std::span<const char* const> fields,
                               const std::string& text, const std::string& what) {
    for (const auto& one : list)
        if (text_in(one, fields[0]) == text) return one;
    if (is_id(text)) return trouble(exit_unknown, "no " + what + " has the id " + in_quotes(text));
    for (const char* field : fields.subspan(1)) {
        const auto found = with_text(list, field, without_case(text));
        if (found.size() == 1) return found[0U];
        if (found.empty()) continue;
        std::string ids;
        for (const auto& one : found) ids += (ids.empty() ? "" : ", ") + text_in(one, fields[0]);
        return tl::unexpected(Trouble{exit_unknown,
                                      "more than one " + what + " is called " + in_quotes(text) +
                                          ": name its id, one of " + ids,
                                      ambiguous});
    }
    return trouble(exit_unknown,
                   "no " + what + " is called " + in_quotes(text) + "; " + told(list, fields));
}

Outcome<Named> project_named(Authority& authority, const std::string& text) {
    const auto& wanted = text.empty() ? authority.credentials().project : text;
    const auto mine = authority.list("/users/me/projects");
    if (!mine) return project_of_key(authority, wanted, mine.error());
    if (wanted.empty())
        return only_one(*mine, "project", "--project, or for good with together projects use");
    auto known = named(*mine, wanted, "project of yours");
    if (is_id(wanted) ? known.has_value() : !known && known.error().code == ambiguous) return known;
    // Also where you are in one of that name: a namesake may be the one that is meant.
    const auto more = with_those_of_organizations(authority, *mine);
    if (!more) return tl::unexpected(more.error());
    auto found = named(*more, wanted, "project that you may see");
    if (!found && is_project(wanted)) return Named{wanted, wanted};
    return found;
}

std::vector<Named> projects_seen(Authority& authority) {
    const auto mine = authority.list("/users/me/projects").value_or(Json::arrayValue);
    const auto all = with_those_of_organizations(authority, mine).value_or(mine);
    std::vector<Named> projects;
    for (const auto& one : all) projects.push_back({text_in(one, "id"), text_in(one, "name")});
    return projects;
}

Outcome<Named> organization_named(Authority& authority, const std::string& text) {
    const auto mine = authority.list("/users/me/organizations");
    if (!mine) return tl::unexpected(mine.error());
    if (text.empty() && !mine->empty()) return only_one(*mine, "organization", "--organization");
    if (is_id(text))
        if (auto known = named(*mine, text, "organization of yours")) return known;
    const auto all = with_those_from_outside(authority, *mine);
    if (!all) return tl::unexpected(all.error());
    return text.empty() ? only_one(*all, "organization", "--organization")
                        : named(*all, text, "organization of yours");
}

Outcome<Json::Value> collaborator_named(Authority& authority, const Named& project,
                                        const std::string& text) {
    const auto roster = authority.list("/projects/" + escaped(project.id) + "/collaborators");
    if (!roster) return tl::unexpected(roster.error());
    return one_named(*roster, of_collaborators, text, "collaborator of " + project.name);
}

Outcome<Json::Value> member_named(Authority& authority, const Named& organization,
                                  const std::string& text) {
    const auto members = authority.list("/organizations/" + escaped(organization.id) + "/members");
    if (!members) return tl::unexpected(members.error());
    return one_named(*members, of_members, text, "member of " + organization.name);
}

}  // namespace together::cli
