// SPDX-License-Identifier: Apache-2.0
// together login, logout, whoami: which authority is asked, and as whom.
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "cli/printable.h"
#include "together_cli/account/token_source.h"
#include "together_cli/api/cluster_token.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

// The person, or nothing where the token is a project's.
Outcome<Json::Value> whoami(Authority& authority) {
    auto about = authority.get("/whoami");
    if (!about) return tl::unexpected(about.error());
    auto value = about->body;
    if (text_in(value, "type") != "user") return value;
    const auto me = authority.get("/users/me");
    if (!me) return tl::unexpected(me.error());
    value["user"] = me->body;
    for (const char* what : {"organizations", "projects"}) {
        const auto list = authority.list(std::string("/users/me/") + what);
        if (!list) return tl::unexpected(list.error());
        value[what] = *list;
    }
    return value;
}

std::string name_of_asker(const Json::Value& about) {
    const auto& user = about["user"];
    if (!user.isObject())
        return "the " + text_in(about, "type") + " " + text_in(about, "key_id") + " of " +
               text_in(about, "project_id");
    const auto login = text_in(user, "login");
    return (login.empty() ? "who has no login yet" : login) + " (" + text_in(user, "email") + ")";
}

std::string with_roles(const Json::Value& list) {
    std::string text;
    for (const auto& one : list)
        text +=
            (text.empty() ? "" : ", ") + text_in(one, "name") + " (" + text_in(one, "role") + ")";
    return text.empty() ? "none" : text;
}

Outcome<Credentials> wanted(const CommandLine& line) {
    const auto url = parse_authority_url(line.operand());
    if (!url) return trouble(url.error());
    const auto token = read_token(line.value("token-file").value_or(""), "Token");
    if (!token) return trouble(token.error());
    return Credentials{*url, *token, ca_file_of(line), {}};
}

Outcome<std::string> log_in(const CommandLine& line) {
    const auto path = credentials_path(line);
    if (!path) return trouble(path.error());
    const auto credentials = wanted(line);
    if (!credentials) return tl::unexpected(credentials.error());
    Authority authority(*credentials);
    const auto about = whoami(authority);
    if (!about) return tl::unexpected(about.error());
    const auto lock = CredentialsLock::take(*path);
    if (!lock) return trouble(lock.error());
    const auto before = read_credentials(*path);
    if (const auto written = write_credentials(*lock, *path, *credentials); !written)
        return trouble(written.error());
    // As a logout would have done.
    if (before && (before->url != credentials->url || before->token != credentials->token))
        if (const auto ended = end_cluster_tokens(*before); !ended) return trouble(ended.error());
    return name_of_asker(*about);
}

int run_login(const CommandLine& line, Output& output) {
    const auto who = log_in(line);
    if (!who) return tell(who.error(), output);
    if (output.json()) {
        Json::Value document;
        document["logged_in"] = true;
        output.document(document);
    } else if (!line.has("quiet")) {
        output.line("You are logged in as " + *who, Tone::good);
    }
    return exit_yes;
}

struct Forgotten {
    bool removed = false;
    std::optional<Credentials> credentials;  // nothing where the file had none
};

// Makes no folder where there is none. What is read is what is removed: another login may have
// been first.
Result<Forgotten> forget(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return Forgotten{};
    const auto lock = CredentialsLock::take(path);
    if (!lock) return tl::make_unexpected(lock.error());
    Forgotten forgotten;
    if (auto credentials = read_credentials(path)) forgotten.credentials = *std::move(credentials);
    const auto removed = remove_credentials(*lock, path);
    if (!removed) return tl::make_unexpected(removed.error());
    forgotten.removed = *removed;
    return forgotten;
}

int run_logout(const CommandLine& line, Output& output) {
    const auto path = credentials_path(line);
    if (!path) return output.fail(path.error().message);
    const auto forgotten = forget(*path);
    if (!forgotten) return output.fail(forgotten.error().message);
    const auto ended = end_cluster_tokens(forgotten->credentials);
    if (!ended) return output.fail(ended.error().message);
    if (output.json()) {
        Json::Value document;
        document["removed"] = forgotten->removed;
        output.document(document);
    } else if (!line.has("quiet")) {
        output.line(forgotten->removed
                        ? "You are logged out here. The token still holds: together tokens remove"
                          " ends it"
                        : "You were not logged in.");
    }
    return exit_yes;
}

int run_whoami(const CommandLine& line, Output& output) {
    return in_session(line, output, [&](Session& session) -> Outcome<int> {
        const auto about = whoami(session.authority);
        if (!about) return tl::unexpected(about.error());
        if (output.json()) {
            output.document(*about);
        } else if (session.quiet()) {
            output.line(about->isMember("user") ? text_in((*about)["user"], "login")
                                                : text_in(*about, "key_id"));
        } else {
            output.fields({{"You are", name_of_asker(*about)},
                           {"Authority", session.authority.credentials().url},
                           {"Organizations", with_roles((*about)["organizations"])},
                           {"Projects", with_roles((*about)["projects"])}});
        }
        return exit_yes;
    });
}

constexpr std::array<Option, 2> login_options = {{
    {"token-file", "FILE", "the token is its first line (default: stdin, unseen on a terminal)"},
    {"ca-file", "FILE", "certificates to trust, of an authority of your own"},
}};

}  // namespace

constinit const Verb login_verb = {
    .name = "login",
    .operand = "URL",
    .summary = "keep the authority's URL and your token for all that follows",
    .about =
        "Asks the authority whose token it is, then writes both into\n"
        "$XDG_CONFIG_HOME/together/credentials.json, mode 0600. The token is never an argument:\n"
        "other users of the machine see those.",
    .options = login_options,
    .statuses = statuses,
    .example = "together login https://roles.example.com --token-file ann.token",
    .run = run_login,
};

constinit const Verb logout_verb = {
    .name = "logout",
    .operand = "",
    .summary = "forget them",
    .about =
        "Removes the file that together login wrote, whose token still holds, and what\n"
        "together kube-credential keeps, whose tokens end.",
    .options = {},
    .statuses = statuses,
    .example = "together logout",
    .run = run_logout,
};

constinit const Verb whoami_verb = {
    .name = "whoami",
    .operand = "",
    .summary = "show whom the authority takes you for, and where you are in",
    .about = "With your role in each organization and project.",
    .options = {},
    .statuses = statuses,
    .example = "together whoami",
    .run = run_whoami,
};

}  // namespace together::cli
