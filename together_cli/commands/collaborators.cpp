// SPDX-License-Identifier: Apache-2.0
// together collaborators: who is on a project's roster.
#include <algorithm>

#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column columns[] = {{"LOGIN", "login"},
                              {"ROLE", "role"},
                              {"UID", "uid"},
                              {"EXTERNAL", "external"},
                              {"ID", "user_id"}};

int run_list(const CommandLine& line, Output& output) {
    return in_session(line, output, [&](Session& session) -> Outcome<int> {
        const auto project = session.project();
        if (!project) return tl::unexpected(project.error());
        const auto roster =
            session.authority.list("/projects/" + escaped(project->id) + "/collaborators");
        if (!roster) return tl::unexpected(roster.error());
        return show(output, session.quiet(), *roster, columns, "nobody is in " + project->name);
    });
}

std::string path_of(const Named& project, const std::string& user_id = {}) {
    return "/projects/" + escaped(project.id) + "/collaborators" +
           (user_id.empty() ? "" : "/" + escaped(user_id));
}

// A change of one who is on the roster.
Outcome<int> change(Session& session, const std::string& method, const Json::Value& body,
                    const std::string& what) {
    const auto project = session.project();
    if (!project) return tl::unexpected(project.error());
    const auto who = collaborator_named(session.authority, *project, session.line.operand());
    if (!who) return tl::unexpected(who.error());
    return ChangeReport(session, name_of_person(*who) + " " + what + " " + project->name)
        .in(*project)
        .make(method, path_of(*project, text_in(*who, "user_id")), body);
}

int run_remove(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return change(session, "DELETE", {}, "is removed from");
    });
}

std::string word_for(const std::string& role) {
    return role == "admin" ? "an Admin" : "a Member";
}

Outcome<int> set_role(Session& session, const char* role) {
    Json::Value body;
    body["role"] = role;
    return change(session, "PATCH", body, "is " + word_for(role) + " of");
}

int run_promote(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) { return set_role(session, "admin"); });
}

int run_demote(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) { return set_role(session, "member"); });
}

int run_until(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto text = session.line.value("until");
        if (!text) return trouble(exit_cannot_tell, "--until is missing: 30d, a date, or never");
        const auto until = until_of(*text);
        if (!until) return tl::unexpected(until.error());
        Json::Value body;
        body["until"] = *until;
        return change(session, "PATCH", body,
                      (until->isNull() ? std::string("has no end in")
                                       : "ends " + cell_of(*until, Cell::time) + " in"));
    });
}

// An id and an address are known by their form; a login is all else.
const char* field_of(const std::string& who) {
    if (who.find('@') != who.npos) return "email";
    return who.starts_with("user_") ? "user_id" : "login";
}

Outcome<Json::Value> wanted(const Session& session) {
    Json::Value body;
    body[field_of(session.line.operand())] = session.line.operand();
    body["role"] = session.line.has("admin") ? "admin" : "member";
    if (const auto until = session.line.value("until")) {
        const auto time = until_of(*until);
        if (!time) return tl::unexpected(time.error());
        body["until"] = *time;
    }
    return body;
}

int tell_invitation(Session& session, const Named& project, const Json::Value& invitation) {
    const auto token = text_in(invitation, "token");
    if (session.output.json()) {
        Json::Value document;
        document["answer"] = invitation;
        document["receipts"] = Json::arrayValue;
        session.output.document(document);
        return exit_yes;
    }
    session.say(session.line.operand() + " is invited to " + project.name +
                ". Give them this invitation, which is shown once and is for them alone; they join"
                " with: together accept " +
                session.authority.credentials().url);
    session.output.line(token);
    return exit_yes;
}

Outcome<int> add(Session& session) {
    const auto project = session.project();
    if (!project) return tl::unexpected(project.error());
    const auto body = wanted(session);
    if (!body) return tl::unexpected(body.error());
    ChangeReport report(session, session.line.operand() + " is " +
                                     word_for(text_in(*body, "role")) + " of " + project->name);
    report.in(*project);
    if (session.line.has("dry-run")) return report.make("POST", path_of(*project), *body);
    const auto since = std::chrono::steady_clock::now();
    const auto answer = session.authority.change("POST", path_of(*project), *body);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == 202) return tell_invitation(session, *project, answer->body);
    return report.report(*answer, since);
}

int run_add(const CommandLine& line, Output& output) {
    return in_session(line, output, add);
}

constexpr std::array<Option, 1> list_options = {{project_option}};
constexpr std::array<Option, 3> options = {{project_option, wait_option, dry_run_option}};
constexpr std::array<Option, 4> until_options = {
    {until_option, project_option, wait_option, dry_run_option}};
constexpr std::array<Option, 5> add_options = {{
    {"admin", "", "as an Admin of the project (default: as a Member)"},
    until_option,
    project_option,
    wait_option,
    dry_run_option,
}};

}  // namespace

constinit const Verb collaborators_verb = {
    .name = "collaborators",
    .operand = "",
    .summary = "list who is in a project",
    .about = "The roster, as its nodes have it.",
    .options = list_options,
    .statuses = statuses,
    .example = "together collaborators --project cluster",
    .run = run_list,
};

constinit const Verb collaborators_add_verb = {
    .name = "collaborators add",
    .operand = "WHO",
    .summary = "add somebody, by login, address or id",
    .about =
        "A member of the organization is in at once. Anybody else gets an invitation, which is\n"
        "printed, where the organization takes external collaborators.",
    .options = add_options,
    .statuses = statuses,
    .example = "together collaborators add bob --until 90d",
    .run = run_add,
};

constinit const Verb collaborators_remove_verb = {
    .name = "collaborators remove",
    .operand = "WHO",
    .summary = "remove somebody, and see which nodes know it",
    .about =
        "Ends with the receipt: how many nodes have the roster without them, and since when those\n"
        "are silent that do not. Sessions and jobs that run are not ended.",
    .options = options,
    .statuses = statuses,
    .example = "together collaborators remove bob --wait 30s",
    .run = run_remove,
};

constinit const Verb collaborators_promote_verb = {
    .name = "collaborators promote",
    .operand = "WHO",
    .summary = "make a collaborator an Admin of the project",
    .about = "An Admin adds and removes collaborators, and runs the cluster.",
    .options = options,
    .statuses = statuses,
    .example = "together collaborators promote bob",
    .run = run_promote,
};

constinit const Verb collaborators_demote_verb = {
    .name = "collaborators demote",
    .operand = "WHO",
    .summary = "make an Admin of the project a Member",
    .about = "Each project keeps an Admin: the last one cannot be demoted.",
    .options = options,
    .statuses = statuses,
    .example = "together collaborators demote bob",
    .run = run_demote,
};

constinit const Verb collaborators_until_verb = {
    .name = "collaborators until",
    .operand = "WHO",
    .summary = "set when somebody's time in the project ends",
    .about = "It ends by itself then, on every node.",
    .options = until_options,
    .statuses = statuses,
    .example = "together collaborators until bob --until 2027-01-31",
    .run = run_until,
};

}  // namespace together::cli
