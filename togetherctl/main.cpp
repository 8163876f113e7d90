// SPDX-License-Identifier: Apache-2.0
// togetherctl: the operator's command.
#include <array>
#include <exception>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/run.h"
#include "common/config/config.h"
#include "togetherctl/commands/verbs.h"

namespace together {

const std::string_view program_name = "togetherctl";

namespace ctl {
namespace {

constexpr std::array<const Verb*, 18> verbs = {
    &status_verb,   &doctor_verb,      &check_verb,      &explain_verb,   &refresh_verb,
    &roster_verb,   &permissions_verb, &config_verb,     &api_check_verb, &enable_verb,
    &disable_verb,  &admit_verb,       &lockdown_verb,   &decisions_verb, &sessions_verb,
    &accounts_verb, &volumes_verb,     &kubernetes_verb,
};

constexpr std::array<Option, 4> options = {{
    {"config", "PATH", "the configuration (default: /etc/together/together.conf)"},
    {"json", "", "answer with one JSON document"},
    {"help", "", "show this text", 'h'},
    {"version", "", "show the version"},
}};

const Program program = {
    .name = program_name,
    .summary = "Asks and tends this node's access gate.",
    .verbs = verbs,
    .options = options,
    .example = "togetherctl explain alice",
    .statuses = "Exit status 2: wrong usage, or it cannot tell.",
    .config = default_config_path,
};

int run(const std::vector<std::string>& arguments) {
    return together::run(program, TOGETHER_VERSION, arguments);
}

}  // namespace
}  // namespace ctl
}  // namespace together

int main(int argc, char** argv) {
    try {
        // argc is 0 where execve(2) was given no arguments at all.
        return together::ctl::run({argv + (argc > 0 ? 1 : 0), argv + argc});
    } catch (const std::exception& error) {
        together::Output::complain(error.what());
    } catch (...) {
        together::Output::complain("an unknown error");
    }
    return together::exit_cannot_tell;
}
