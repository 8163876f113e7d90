// SPDX-License-Identifier: Apache-2.0
// together node-keys, api-keys, tokens: what opens the API for nodes, programs and yourself.
#include <array>
#include <span>

#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/secret.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

struct Kind {
    const char* name;
    const char* path;  // behind the project's, or behind /users/me
    bool is_a_projects;
    std::span<const Column> columns;
};

constexpr Column of_keys[] = {{"NAME", "name"},
                              {"CREATED", "created_at", Cell::time},
                              {"EXPIRES", "expires_at", Cell::time},
                              {"LAST USED", "last_used_at", Cell::time},
                              {"ID", "id"}};
constexpr Column of_api_keys[] = {{"NAME", "name"},
                                  {"SCOPES", "scopes"},
                                  {"EXPIRES", "expires_at", Cell::time},
                                  {"LAST USED", "last_used_at", Cell::time},
                                  {"ID", "id"}};
constexpr Column of_tokens[] = {{"NAME", "name"},
                                {"FOR", "audience"},
                                {"EXPIRES", "expires_at", Cell::time},
                                {"LAST USED", "last_used_at", Cell::time},
                                {"ID", "id"}};

constexpr Kind node_key{"node key", "/node_keys", true, of_keys};
constexpr Kind api_key{"API key", "/api_keys", true, of_api_keys};
constexpr Kind token{"token", "/tokens", false, of_tokens};

constexpr std::array<const char*, 2> id_and_name = {"id", "name"};

Outcome<std::string> path_of(Session& session, const Kind& kind) {
    if (!kind.is_a_projects) return "/users/me" + std::string(kind.path);
    const auto project = session.project();
    if (!project) return tl::unexpected(project.error());
    return "/projects/" + escaped(project->id) + kind.path;
}

Outcome<int> list(Session& session, const Kind& kind) {
    const auto path = path_of(session, kind);
    if (!path) return tl::unexpected(path.error());
    const auto keys = session.authority.list(*path);
    if (!keys) return tl::unexpected(keys.error());
    return show(session.output, session.quiet(), *keys, kind.columns,
                "there is no " + std::string(kind.name));
}

Json::Value words_of(const std::string& text) {
    Json::Value words(Json::arrayValue);
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        if (end > at) words.append(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

Outcome<Json::Value> wanted(Session& session) {
    Json::Value body;
    body["name"] = session.line.operand();
    if (const auto scopes = session.line.value("scopes")) body["scopes"] = words_of(*scopes);
    if (const auto text = session.line.value("until")) {
        const auto until = until_of(*text);
        if (!until) return tl::unexpected(until.error());
        if (!until->isNull()) body["expires_at"] = *until;
    }
    if (session.line.has("for")) {
        const auto project = project_named(session.authority, session.option("for"));
        if (!project) return tl::unexpected(project.error());
        body["audience"] = project->id;
    }
    return body;
}

Outcome<int> add(Session& session, const Kind& kind) {
    const auto path = path_of(session, kind);
    if (!path) return tl::unexpected(path.error());
    const auto body = wanted(session);
    if (!body) return tl::unexpected(body.error());
    auto place = SecretPlace::open(session);
    if (!place) return tl::unexpected(place.error());
    const auto answer = session.authority.change("POST", *path, *body);
    if (!answer) return tl::unexpected(answer.error());
    return place->keep(session, answer->body,
                       std::string(kind.name) + " " + session.line.operand() + " is made");
}

Outcome<int> remove(Session& session, const Kind& kind) {
    const auto path = path_of(session, kind);
    if (!path) return tl::unexpected(path.error());
    const auto keys = session.authority.list(*path);
    if (!keys) return tl::unexpected(keys.error());
    const auto key = one_named(*keys, id_and_name, session.line.operand(), kind.name);
    if (!key) return tl::unexpected(key.error());
    const auto id = text_in(*key, "id");
    return ChangeReport(session, std::string(kind.name) + " " + text_in(*key, "name") + " (" + id +
                                     ") holds no longer")
        .make("DELETE", *path + "/" + escaped(id));
}

template <const Kind& kind>
int run_list(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) { return list(session, kind); });
}
template <const Kind& kind>
int run_add(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) { return add(session, kind); });
}
template <const Kind& kind>
int run_remove(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) { return remove(session, kind); });
}

constexpr std::array<Option, 1> list_options = {{project_option}};
constexpr std::array<Option, 3> node_key_options = {{out_option, until_option, project_option}};
constexpr std::array<Option, 4> api_key_options = {{
    {"scopes", "SCOPES", "what it may do, separated by commas: project.read,authorize"},
    out_option,
    until_option,
    project_option,
}};
constexpr std::array<Option, 3> token_options = {{
    {"for", "PROJECT", "for that project's cluster and services alone, 24 hours at most"},
    out_option,
    until_option,
}};
constexpr std::array<Option, 2> remove_options = {{project_option, dry_run_option}};
constexpr std::array<Option, 1> remove_token_options = {{dry_run_option}};

}  // namespace

constinit const Verb node_keys_verb = {
    .name = "node-keys",
    .operand = "",
    .summary = "list the keys with which a project's nodes read its roster",
    .about = "For the project's Admins.",
    .options = list_options,
    .statuses = statuses,
    .example = "together node-keys --project cluster",
    .run = run_list<node_key>,
};

constinit const Verb node_keys_add_verb = {
    .name = "node-keys add",
    .operand = "NAME",
    .summary = "make one, for /etc/together/token of the nodes",
    .about =
        "It reads this roster, tells whom the nodes let in last, and when ([api] "
        "report_last_seen),\n"
        "and asks who bears a token for this project, as API servers do; nothing else. All nodes "
        "may\n"
        "have the same one.",
    .options = node_key_options,
    .statuses = statuses,
    .example = "together node-keys add nodes --out token",
    .run = run_add<node_key>,
};

constinit const Verb node_keys_remove_verb = {
    .name = "node-keys remove",
    .operand = "KEY",
    .summary = "end one, by name or id",
    .about = "Nodes that have it go on with the roster that they hold, until it is too old.",
    .options = remove_options,
    .statuses = statuses,
    .example = "together node-keys remove nodes",
    .run = run_remove<node_key>,
};

constinit const Verb api_keys_verb = {
    .name = "api-keys",
    .operand = "",
    .summary = "list the keys of a project's programs",
    .about = "They are nobody's, and stay when who made them goes.",
    .options = list_options,
    .statuses = statuses,
    .example = "together api-keys --project cluster",
    .run = run_list<api_key>,
};

constinit const Verb api_keys_add_verb = {
    .name = "api-keys add",
    .operand = "NAME",
    .summary = "make one for a program",
    .about = "It does what its scopes say; a wrong one is answered with all that there are.",
    .options = api_key_options,
    .statuses = statuses,
    .example = "together api-keys add gateway --scopes authorize,inference.use --out gateway.key",
    .run = run_add<api_key>,
};

constinit const Verb api_keys_remove_verb = {
    .name = "api-keys remove",
    .operand = "KEY",
    .summary = "end one, by name or id",
    .about = "At once.",
    .options = remove_options,
    .statuses = statuses,
    .example = "together api-keys remove gateway",
    .run = run_remove<api_key>,
};

constinit const Verb tokens_verb = {
    .name = "tokens",
    .operand = "",
    .summary = "list your tokens",
    .about = "Each acts as you, but for those that are for one project.",
    .options = {},
    .statuses = statuses,
    .example = "together tokens",
    .run = run_list<token>,
};

constinit const Verb tokens_add_verb = {
    .name = "tokens add",
    .operand = "NAME",
    .summary = "make one",
    .about =
        "With --for it goes to a cluster's control plane or API server, and opens nothing at the\n"
        "authority. A token without --for must go to no service: whoever runs it could act as you.",
    .options = token_options,
    .statuses = statuses,
    .example = "together tokens add console --for cluster --out console.token",
    .run = run_add<token>,
};

constinit const Verb tokens_remove_verb = {
    .name = "tokens remove",
    .operand = "TOKEN",
    .summary = "end one, by name or id",
    .about = "At once.",
    .options = remove_token_options,
    .statuses = statuses,
    .example = "together tokens remove console",
    .run = run_remove<token>,
};

}  // namespace together::cli
