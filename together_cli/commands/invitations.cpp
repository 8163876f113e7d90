// SPDX-License-Identifier: Apache-2.0
// together invite, invitations, accept: how people come in.
#include <array>
#include <filesystem>

#include "together_cli/account/token_source.h"
#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/secret.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column columns[] = {{"EMAIL", "email"},
                              {"LOGIN", "login"},
                              {"ROLE", "role"},
                              {"EXPIRES", "expires_at", Cell::time},
                              {"ID", "id"}};
constexpr std::array<const char*, 3> names_of_invitations = {"id", "email", "login"};

// Of the project, where one is named, else of the organization.
Outcome<std::string> path_of(Session& session) {
    const bool of_project = session.line.has("project");
    const auto where = of_project ? session.project() : session.organization();
    if (!where) return tl::unexpected(where.error());
    return (of_project ? "/projects/" : "/organizations/") + escaped(where->id) + "/invitations";
}

Outcome<int> invite(Session& session) {
    const auto organization = session.organization();
    if (!organization) return tl::unexpected(organization.error());
    Json::Value body;
    body["email"] = session.line.operand();
    body["role"] = session.line.has("admin") ? "admin" : "member";
    if (const auto text = session.line.value("until")) {
        const auto until = until_of(*text);
        if (!until) return tl::unexpected(until.error());
        body["until"] = *until;
    }
    auto place = SecretPlace::open(session);
    if (!place) return tl::unexpected(place.error());
    const auto answer = session.authority.change(
        "POST", "/organizations/" + escaped(organization->id) + "/invitations", body);
    if (!answer) return tl::unexpected(answer.error());
    return place->keep(session, answer->body,
                       session.line.operand() + " is invited into " + organization->name +
                           " for seven days, and accepts with: together accept " +
                           session.authority.credentials().url);
}

int run_invite(const CommandLine& line, Output& output) {
    return in_session(line, output, invite);
}

int run_list(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto path = path_of(session);
        if (!path) return tl::unexpected(path.error());
        const auto open = session.authority.list(*path);
        if (!open) return tl::unexpected(open.error());
        return show(session.output, session.quiet(), *open, columns, "no invitation is open");
    });
}

int run_remove(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto path = path_of(session);
        if (!path) return tl::unexpected(path.error());
        const auto open = session.authority.list(*path);
        if (!open) return tl::unexpected(open.error());
        const auto one =
            one_named(*open, names_of_invitations, session.line.operand(), "open invitation");
        if (!one) return tl::unexpected(one.error());
        return ChangeReport(session, "the invitation of " + session.line.operand() + " is revoked")
            .make("DELETE", *path + "/" + escaped(text_in(*one, "id")));
    });
}

Outcome<Json::Value> acceptance(const CommandLine& line) {
    const auto invitation = read_token(line.value("token-file").value_or(""), "Invitation");
    if (!invitation) return trouble(invitation.error());
    Json::Value body;
    body["token"] = *invitation;
    for (const char* field : {"login", "name"})
        if (const auto value = line.value(field)) body[field] = *value;
    return body;
}

int tell_acceptance(const CommandLine& line, Output& output, Json::Value accepted) {
    accepted.removeMember("token");
    const auto login = text_in(accepted["user"], "login");
    if (output.json())
        output.document(accepted);
    else if (!line.has("quiet"))
        output.line("The invitation is accepted: you are " +
                        (login.empty() ? text_in(accepted["user"], "email") : login) +
                        (login.empty() ? ", and have no login yet" : ""),
                    Tone::good);
    return exit_yes;
}

// As somebody who has an account.
int accept_logged_in(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto body = acceptance(session.line);
        if (!body) return tl::unexpected(body.error());
        const auto answer = session.authority.change("POST", "/invitations/accept", *body);
        if (!answer) return tl::unexpected(answer.error());
        return tell_acceptance(session.line, session.output, answer->body);
    });
}

// Before the invitation is used up: the new account's token is shown nowhere else.
Result<void> can_keep(const CredentialsLock& lock, const std::string& path,
                      const Credentials& credentials) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error)))
        return failure(
            "you are logged in already: together accept without a URL accepts as that "
            "account, together logout forgets it");
    if (auto written = write_credentials(lock, path, credentials); !written) return written;
    if (const auto removed = remove_credentials(lock, path); !removed)
        return tl::make_unexpected(removed.error());
    return {};
}

Outcome<Json::Value> with_new_account(const CommandLine& line) {
    const auto path = credentials_path(line);
    if (!path) return trouble(path.error());
    const auto url = parse_authority_url(line.operand());
    if (!url) return trouble(url.error());
    const auto body = acceptance(line);
    if (!body) return tl::unexpected(body.error());
    Credentials credentials{*url, {}, ca_file_of(line), {}};
    // Not while somebody types.
    const auto lock = CredentialsLock::take(*path);
    if (!lock) return trouble(lock.error());
    if (const auto good = can_keep(*lock, *path, credentials); !good) return trouble(good.error());
    const auto answer = Authority(credentials).change("POST", "/invitations/accept", *body);
    if (!answer) return tl::unexpected(answer.error());
    credentials.token = text_in(answer->body, "token");
    if (const auto written = write_credentials(*lock, *path, credentials); !written)
        return trouble(written.error());
    return answer->body;
}

int run_accept(const CommandLine& line, Output& output) {
    if (line.operand().empty()) return accept_logged_in(line, output);
    const auto accepted = with_new_account(line);
    return accepted ? tell_acceptance(line, output, *accepted) : tell(accepted.error(), output);
}

constexpr std::array<Option, 4> invite_options = {{
    {"admin", "", "as an Admin of the organization (default: as a Member)"},
    out_option,
    {"until", "WHEN", "when the membership ends: 30d, 2027-01-31 or a time in UTC"},
    organization_option,
}};
constexpr std::array<Option, 2> list_options = {{
    {"project", "PROJECT", "those into that project, not into the organization"},
    organization_option,
}};
constexpr std::array<Option, 3> remove_options = {{
    {"project", "PROJECT", "one into that project, not into the organization"},
    organization_option,
    dry_run_option,
}};
constexpr std::array<Option, 4> accept_options = {{
    {"login", "LOGIN", "the login that you choose, which is yours for good"},
    {"name", "NAME", "what people call you"},
    {"token-file", "FILE", "the invitation is its first line (default: stdin)"},
    {"ca-file", "FILE", "certificates to trust, of an authority of your own"},
}};

}  // namespace

constinit const Verb invite_verb = {
    .name = "invite",
    .operand = "EMAIL",
    .summary = "invite somebody into the organization",
    .about =
        "Prints the invitation, once: it is for that address alone and holds seven days. Send it "
        "to\n"
        "them.",
    .options = invite_options,
    .statuses = statuses,
    .example = "together invite bob@example.com",
    .run = run_invite,
};

constinit const Verb invitations_verb = {
    .name = "invitations",
    .operand = "",
    .summary = "list invitations that are open",
    .about = "Without their secrets, which were shown once.",
    .options = list_options,
    .statuses = statuses,
    .example = "together invitations",
    .run = run_list,
};

constinit const Verb invitations_remove_verb = {
    .name = "invitations remove",
    .operand = "INVITATION",
    .summary = "revoke one, by address, login or id",
    .about = "Nobody can accept it then.",
    .options = remove_options,
    .statuses = statuses,
    .example = "together invitations remove bob@example.com",
    .run = run_remove,
};

constinit const Verb accept_verb = {
    .name = "accept",
    .operand = "[URL]",
    .summary = "accept an invitation; with a URL make your account there, and log in",
    .about =
        "Reads the invitation from stdin, or from a file. Whoever is logged in accepts without a\n"
        "URL, as that account.",
    .options = accept_options,
    .statuses = statuses,
    .example = "together accept https://roles.example.com --login bob",
    .run = run_accept,
};

}  // namespace together::cli
