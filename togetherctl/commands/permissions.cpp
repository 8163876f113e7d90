// SPDX-License-Identifier: Apache-2.0
// togetherctl permissions: the tables of roles, as every node and the authority have them.
#include "common/roles/permissions.h"

#include "togetherctl/cli/command_line.h"
#include "togetherctl/cli/output.h"
#include "togetherctl/cli/verb.h"

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

int run(const CommandLine&, Output& output) {
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
        "configuration.",
    .options = {},
    .statuses = statuses,
    .example = "togetherctl permissions",
    .run = run,
};

}  // namespace together::ctl
