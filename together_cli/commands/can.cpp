// SPDX-License-Identifier: Apache-2.0
// together can: may somebody do something, and who could?
#include "cli/printable.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column columns[] = {{"ACTION", "action"},
                              {"LEVEL", "level"},
                              {"ADMIN", "admin"},
                              {"MEMBER", "member"},
                              {"TITLE", "title"}};

Outcome<Json::Value> row_of(const Json::Value& table, const std::string& action) {
    for (const auto& row : table)
        if (text_in(row, "action") == action) return row;
    return trouble(exit_unknown,
                   "there is no action " + in_quotes(action) + "; together can lists them");
}

Outcome<Json::Value> question(Session& session, const Json::Value& row) {
    const bool of_project = text_in(row, "level") == "project";
    const auto where = of_project ? session.project() : session.organization();
    if (!where) return tl::unexpected(where.error());
    Json::Value body;
    body["action"] = session.line.operand();
    body[of_project ? "project_id" : "organization_id"] = where->id;
    if (const auto login = session.line.value("as")) body["login"] = *login;
    body["explain"] = true;
    return body;
}

std::string whom_to_ask(const Json::Value& answer) {
    const auto names = cell_of(answer["explanation"]["ask"]);
    return names.empty() || names == "-" ? "" : " Ask: " + names + ".";
}

int tell_answer(Session& session, const Json::Value& answer) {
    const bool allowed = answer["allowed"] == true;
    if (session.output.json())
        session.output.document(answer);
    else if (allowed)
        session.say("yes, as " + cell_of(answer["role"]), Tone::good);
    else
        session.say("no: " + cell_of(answer["reason"]) + whom_to_ask(answer), Tone::bad);
    return allowed ? exit_yes : exit_no;
}

Outcome<int> can(Session& session) {
    const auto permissions = session.authority.get("/permissions");
    if (!permissions) return tl::unexpected(permissions.error());
    const auto& table = permissions->body["data"];
    if (session.line.operand().empty())
        return show(session.output, session.quiet(), table, columns, "there is no action");
    const auto row = row_of(table, session.line.operand());
    if (!row) return tl::unexpected(row.error());
    const auto body = question(session, *row);
    if (!body) return tl::unexpected(body.error());
    const auto answer = session.authority.change("POST", "/authorize", *body);
    if (!answer) return tl::unexpected(answer.error());
    return tell_answer(session, answer->body);
}

int run(const CommandLine& line, Output& output) {
    return in_session(line, output, can);
}

constexpr std::array<Option, 3> options = {{
    {"as", "LOGIN", "about somebody else, where you may see who takes part"},
    project_option,
    organization_option,
}};

}  // namespace

constinit const Verb can_verb = {
    .name = "can",
    .operand = "[ACTION]",
    .summary = "say whether you, or somebody, may do something; without one list all actions",
    .about = "Where not, it says why, and who could let them.",
    .options = options,
    .statuses = statuses,
    .example = "together can clusters.scale --as bob",
    .run = run,
};

}  // namespace together::cli
