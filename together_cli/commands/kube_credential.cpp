// SPDX-License-Identifier: Apache-2.0
// together kube-credential: what kubectl executes to get a token (client-go's credential plug-ins).
#include <array>
#include <cstdint>
#include <cstdlib>

#include "cli/printable.h"
#include "common/system/clock.h"
#include "common/system/utc.h"
#include "strict_json/strict_json.h"
#include "together_cli/api/cluster_token.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr JsonLimits limits{10'000, 64};
constexpr std::array<const char*, 2> known_versions = {"client.authentication.k8s.io/v1",
                                                       "client.authentication.k8s.io/v1beta1"};

// Which one kubectl asks for; the newest for whoever tries it by hand.
Outcome<std::string> wanted_version() {
    const char* const text = std::getenv("KUBERNETES_EXEC_INFO");
    if (text == nullptr || *text == '\0') return known_versions.front();
    const auto json = parse_strict_json(text, limits);
    if (!json) return trouble(exit_cannot_tell, "KUBERNETES_EXEC_INFO is " + json.error());
    const auto version = text_in(*json, "apiVersion");
    for (const auto* known : known_versions)
        if (version == known) return version;
    return trouble(exit_cannot_tell, "KUBERNETES_EXEC_INFO asks for the apiVersion " +
                                         in_quotes(version) +
                                         ": set users[].user.exec.apiVersion "
                                         "in the kubeconfig to " +
                                         known_versions.front());
}

// Whoever goes on for long asks again when there is a new one, while the old one still holds.
std::int64_t end_for_kubectl(const ClusterToken& token) {
    const auto now = SystemClock().now().realtime / 1'000'000'000;
    return now < token.renewed_from() ? token.renewed_from() : token.ends_at;
}

bool is_still_logged_in(const Session& session) {
    const auto path = credentials_path(session.line);
    const auto now = path ? read_credentials(*path) : tl::make_unexpected(path.error());
    return now && now->token == session.authority.credentials().token;
}

Outcome<int> run_in(Session& session) {
    const auto version = wanted_version();
    if (!version) return tl::unexpected(version.error());
    const auto token = cluster_token(session.authority.credentials(), session.option("project"));
    if (!token) return tl::unexpected(token.error());
    if (!is_still_logged_in(session)) {
        // A logout has not seen this one.
        (void)end_cluster_tokens(session.authority.credentials());
        return trouble(exit_cannot_tell, "you have logged out meanwhile");
    }
    Json::Value credential;
    credential["apiVersion"] = *version;
    credential["kind"] = "ExecCredential";
    credential["status"]["token"] = token->token;
    credential["status"]["expirationTimestamp"] =
        format_utc(end_for_kubectl(*token) * 1'000'000'000);
    session.output.document(credential);
    return exit_yes;
}

int run(const CommandLine& line, Output& output) {
    return in_session(line, output, run_in);
}

constexpr std::array<Option, 1> options = {{project_option}};

}  // namespace

constinit const Verb kube_credential_verb = {
    .name = "kube-credential",
    .operand = "",
    .summary = "give kubectl a token for a project's cluster (docs/kubernetes.md)",
    .about =
        "For users[].user.exec of a kubeconfig: prints an ExecCredential. The token is for that\n"
        "project alone and holds 24 hours at most; it is kept in $XDG_CACHE_HOME/together, for "
        "you\n"
        "alone, and another is made when a third of its time is left: until it ends kubectl has "
        "it\n"
        "while the authority is away, too.",
    .options = options,
    .statuses = statuses,
    .example = "together kube-credential --project cluster",
    .run = run,
};

}  // namespace together::cli
