// SPDX-License-Identifier: Apache-2.0
// togetherctl permissions: the tables of roles, as every node and the authority have them.
#include "common/roles/permissions.h"

#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/kubernetes/policy.h"
#include "togetherctl/commands/verbs.h"

namespace together::ctl {
namespace {

using namespace together;

std::string level_of(const Permission& row) {
    return row.level == Level::organization ? "organization" : "project";
}

Json::Value json_of(const Permission& row) {
    Json::Value json;
    json["action"] = std::string(row.name);
    json["title"] = std::string(row.title);
    json["level"] = level_of(row);
    json["admin"] = row.admin;
    json["member"] = row.member;
    return json;
}

// As RBAC objects write it: the core group is the empty one.
Json::Value json_of(const kubernetes::PolicyRow& row) {
    Json::Value json;
    json["verbs"] = std::string(row.verbs);
    json["group"] = std::string(row.group);
    json["resources"] = std::string(row.resources);
    json["where"] = std::string(kubernetes::name_of(row.where));
    json["action"] =
        row.action ? Json::Value(std::string(permission(*row.action).name)) : Json::Value();
    json["admin"] = true;
    json["member"] = !row.action || permits(Role::member, *row.action);
    return json;
}

std::string whose(const kubernetes::PolicyRow& row) {
    if (!row.action) return "anyone";
    return permits(Role::member, *row.action) ? "member" : "admin";
}

std::string group_of(const kubernetes::PolicyRow& row) {
    if (row.where == kubernetes::Where::path) return "-";
    return row.group.empty() ? "core" : std::string(row.group);
}

int show_kubernetes(Output& output) {
    std::vector<Row> rows;
    Json::Value list(Json::arrayValue);
    for (const auto& row : kubernetes::policy()) {
        rows.push_back({row.action ? std::string(permission(*row.action).name) : "-", whose(row),
                        std::string(kubernetes::name_of(row.where)), group_of(row),
                        std::string(row.resources), std::string(row.verbs)});
        list.append(json_of(row));
    }
    if (output.json()) {
        Json::Value json;
        json["kubernetes"] = std::move(list);
        output.document(json);
        return exit_yes;
    }
    output.table({"ACTION", "WHO", "WHERE", "GROUP", "RESOURCES", "VERBS"}, rows);
    output.line("");
    output.line("What is in no row is an Admin's.");
    return exit_yes;
}

int run(const CommandLine& line, Output& output) {
    if (line.has("kubernetes")) return show_kubernetes(output);
    const auto word = [](bool permitted) { return permitted ? "yes" : "no"; };
    std::vector<Row> rows;
    Json::Value list(Json::arrayValue);
    for (const auto& row : permissions()) {
        rows.push_back({std::string(row.name), level_of(row), word(row.admin), word(row.member),
                        std::string(row.title)});
        list.append(json_of(row));
    }
    if (output.json()) {
        Json::Value json;
        json["permissions"] = std::move(list);
        output.document(json);
    } else {
        output.table({"ACTION", "ROLE IN THE", "ADMIN", "MEMBER", "MEANING"}, rows);
    }
    return exit_yes;
}

constexpr std::array<Option, 1> options = {{
    {"kubernetes", "", "which action a request to a Kubernetes API server is"},
}};

constexpr Status statuses[] = {
    {"0", "always"},
    {"2", "wrong usage"},
};

}  // namespace

constinit const Verb permissions_verb = {
    .name = "permissions",
    .operand = "",
    .summary = "what each role may do",
    .about =
        "Shows every action and what the roles admin and member may do. Actions that depend\n"
        "on the role in the organization are none that a node can decide. Needs no\n"
        "configuration. --kubernetes shows which action a request to a Kubernetes API server is:\n"
        "a Member's, an Admin's alone, or of anyone who is authenticated.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl permissions",
    .run = run,
};

}  // namespace together::ctl
