// SPDX-License-Identifier: Apache-2.0
// together: the command for people, who ask the role authority with it.
#include <array>
#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/run.h"
#include "common/system/core_dumps.h"
#include "together_cli/commands/verbs.h"

namespace together {

const std::string_view program_name = "together";

namespace cli {
namespace {

// In the order in which people meet them.
constexpr std::array verbs = {
    &login_verb,
    &logout_verb,
    &accept_verb,
    &whoami_verb,
    &can_verb,
    &projects_verb,
    &projects_use_verb,
    &projects_add_verb,
    &projects_rename_verb,
    &projects_remove_verb,
    &projects_join_verb,
    &projects_leave_verb,
    &collaborators_verb,
    &collaborators_add_verb,
    &collaborators_remove_verb,
    &collaborators_promote_verb,
    &collaborators_demote_verb,
    &collaborators_until_verb,
    &nodes_verb,
    &node_keys_verb,
    &node_keys_add_verb,
    &node_keys_remove_verb,
    &ssh_keys_verb,
    &ssh_keys_add_verb,
    &ssh_keys_remove_verb,
    &tokens_verb,
    &tokens_add_verb,
    &tokens_remove_verb,
    &kube_credential_verb,
    &api_keys_verb,
    &api_keys_add_verb,
    &api_keys_remove_verb,
    &org_verb,
    &org_set_verb,
    &members_verb,
    &members_remove_verb,
    &members_promote_verb,
    &members_demote_verb,
    &members_suspend_verb,
    &members_resume_verb,
    &invite_verb,
    &invitations_verb,
    &invitations_remove_verb,
    &review_verb,
    &audit_verb,
};

constexpr std::array<Option, 5> options = {{
    {"config", "PATH", "what login writes (default: $XDG_CONFIG_HOME/together/credentials.json)"},
    {"json", "", "answer with one JSON document"},
    {"quiet", "", "say nothing but what is made; of a list the first column alone"},
    {"help", "", "show this text", 'h'},
    {"version", "", "show the version"},
}};

const Program program = {
    .name = program_name,
    .summary = "Asks the role authority who may use a cluster, and changes it.",
    .verbs = verbs,
    .options = options,
    .example = "together collaborators remove bob",
    .statuses = "Exit status 2: wrong usage, or you are not logged in.",
    .config = {},
};

int run(const std::vector<std::string>& arguments) {
    return together::run(program, TOGETHER_VERSION, arguments);
}

}  // namespace
}  // namespace cli
}  // namespace together

int main(int argc, char** argv) {
    together::forbid_core_dumps();
    // A peer that goes away while it is written to is an error of libcurl's, not our end.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    try {
        return together::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
    } catch (const std::exception& error) {
        together::Output::complain(error.what());
    } catch (...) {
        together::Output::complain("an unknown error");
    }
    return together::exit_cannot_tell;
}
