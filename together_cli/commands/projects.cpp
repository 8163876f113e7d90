// SPDX-License-Identifier: Apache-2.0
// together projects: a cluster belongs to one.
#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column columns_of_mine[] = {{"NAME", "name"}, {"ROLE", "role"}, {"ID", "id"}};
constexpr Column columns_of_all[] = {
    {"NAME", "name"}, {"GROUP", "group"}, {"CREATED", "created_at", Cell::time}, {"ID", "id"}};

Outcome<int> list(Session& session) {
    if (!session.line.has("organization")) {
        const auto mine = session.authority.list("/users/me/projects");
        if (!mine) return tl::unexpected(mine.error());
        return show(session.output, session.quiet(), *mine, columns_of_mine,
                    "you are in no project");
    }
    const auto organization = session.organization();
    if (!organization) return tl::unexpected(organization.error());
    const auto all =
        session.authority.list("/organizations/" + escaped(organization->id) + "/projects");
    if (!all) return tl::unexpected(all.error());
    return show(session.output, session.quiet(), *all, columns_of_all, "there is no project");
}

int run_list(const CommandLine& line, Output& output) {
    return in_session(line, output, list);
}

int run_add(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto organization = session.organization();
        if (!organization) return tl::unexpected(organization.error());
        Json::Value body;
        body["name"] = session.line.operand();
        if (const auto group = session.line.value("group")) body["group"] = *group;
        return ChangeReport(session, "project " + session.line.operand() + " is made in " +
                                         organization->name + "; you are its Admin")
            .make("POST", "/organizations/" + escaped(organization->id) + "/projects", body);
    });
}

Outcome<int> change(Session& session, const std::string& method, const std::string& path,
                    const Json::Value& body, const std::string& done) {
    const auto project = project_named(session.authority, session.line.operand());
    if (!project) return tl::unexpected(project.error());
    return ChangeReport(session, done + " " + project->name)
        .in(*project)
        .make(method, "/projects/" + escaped(project->id) + path, body);
}

int run_remove(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return change(session, "DELETE", "", {}, "deleted, with its keys and invitations: project");
    });
}

int run_rename(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto name = session.line.value("name");
        if (!name) return trouble(exit_cannot_tell, "--name is missing: the project's new name");
        Json::Value body;
        body["name"] = *name;
        return change(session, "PATCH", "", body, "called " + *name + " now: project");
    });
}

int run_join(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return change(session, "POST", "/join", Json::objectValue, "you are in");
    });
}

int run_leave(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return change(session, "POST", "/leave", Json::objectValue, "you are no longer in");
    });
}

int run_use(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto project = project_named(session.authority, session.line.operand());
        if (!project) return tl::unexpected(project.error());
        const auto path = credentials_path(session.line);
        if (!path) return trouble(path.error());
        const auto lock = CredentialsLock::take(*path);
        if (!lock) return trouble(lock.error());
        // As it stands by now: a logout since then holds.
        auto credentials = read_credentials(*path);
        if (!credentials) return trouble(credentials.error());
        const auto& asked_with = session.authority.credentials();
        if (credentials->url != asked_with.url || credentials->token != asked_with.token)
            return trouble(exit_cannot_tell,
                           "you have logged in with another token meanwhile: nothing was set");
        credentials->project = project->id;
        if (const auto written = write_credentials(*lock, *path, *credentials); !written)
            return trouble(written.error());
        if (session.output.json()) {
            Json::Value document;
            document["project_id"] = project->id;
            session.output.document(document);
        }
        session.say(project->name + " (" + project->id + ") is meant where no --project is named");
        return exit_yes;
    });
}

constexpr std::array<Option, 1> list_options = {
    {{"organization", "ORG", "all of that organization, not only those that you are in"}}};
constexpr std::array<Option, 3> add_options = {{
    {"group", "GROUP", "the project's group on nodes (default: of its name)"},
    organization_option,
    dry_run_option,
}};
constexpr std::array<Option, 2> options = {{wait_option, dry_run_option}};
constexpr std::array<Option, 1> remove_options = {{dry_run_option}};
constexpr std::array<Option, 2> rename_options = {{
    {"name", "NAME", "the new name; the id stays"},
    dry_run_option,
}};

}  // namespace

constinit const Verb projects_verb = {
    .name = "projects",
    .operand = "",
    .summary = "list the projects that you are in",
    .about = "With your role in each.",
    .options = list_options,
    .statuses = statuses,
    .example = "together projects",
    .run = run_list,
};

constinit const Verb projects_use_verb = {
    .name = "projects use",
    .operand = "PROJECT",
    .summary = "set which one is meant where none is named",
    .about = "Kept beside your token.",
    .options = {},
    .statuses = statuses,
    .example = "together projects use cluster",
    .run = run_use,
};

constinit const Verb projects_add_verb = {
    .name = "projects add",
    .operand = "NAME",
    .summary = "make a project, whose Admin you are",
    .about = "The rest of the organization is not in it.",
    .options = add_options,
    .statuses = statuses,
    .example = "together projects add cluster",
    .run = run_add,
};

constinit const Verb projects_rename_verb = {
    .name = "projects rename",
    .operand = "PROJECT",
    .summary = "give a project another name",
    .about = "Nodes know it by its id, which stays.",
    .options = rename_options,
    .statuses = statuses,
    .example = "together projects rename cluster --name gpu",
    .run = run_rename,
};

constinit const Verb projects_remove_verb = {
    .name = "projects remove",
    .operand = "PROJECT",
    .summary = "delete a project with its keys and invitations",
    .about = "Its nodes let nobody in any more once their roster is too old.",
    .options = remove_options,
    .statuses = statuses,
    .example = "together projects remove cluster --dry-run",
    .run = run_remove,
};

constinit const Verb projects_join_verb = {
    .name = "projects join",
    .operand = "PROJECT",
    .summary = "join a project of your organization, as its Admins may",
    .about = "An Admin of the organization is Admin of each project that they are in.",
    .options = options,
    .statuses = statuses,
    .example = "together projects join cluster",
    .run = run_join,
};

constinit const Verb projects_leave_verb = {
    .name = "projects leave",
    .operand = "PROJECT",
    .summary = "leave a project",
    .about = "Not the Default Project, which every member of the organization is in.",
    .options = options,
    .statuses = statuses,
    .example = "together projects leave cluster",
    .run = run_leave,
};

}  // namespace together::cli
