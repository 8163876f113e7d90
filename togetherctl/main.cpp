// SPDX-License-Identifier: Apache-2.0
// togetherctl: the operator's command.
#include <array>
#include <exception>
#include <string>
#include <vector>

#include "togetherctl/cli/command_line.h"
#include "togetherctl/cli/help.h"
#include "togetherctl/cli/output.h"
#include "togetherctl/cli/verb.h"

namespace together::ctl {
namespace {

// In the order in which an operator meets them.
constexpr std::array<const Verb*, 17> verbs = {
    &status_verb,   &doctor_verb,      &check_verb,    &explain_verb,   &refresh_verb,
    &roster_verb,   &permissions_verb, &config_verb,   &api_check_verb, &enable_verb,
    &disable_verb,  &admit_verb,       &lockdown_verb, &decisions_verb, &sessions_verb,
    &accounts_verb, &volumes_verb,
};

int run(const std::vector<std::string>& arguments) {
    const auto line = CommandLine::parse(arguments, verbs);
    if (!line) {
        Output::complain(line.error().message);
        return exit_cannot_tell;
    }
    Output output(line->has("json"));
    int status = exit_yes;
    if (line->has("help"))
        output.verbatim(line->verb() == nullptr ? help_of_command(verbs)
                                                : help_of_verb(*line->verb()));
    else if (line->has("version"))
        output.line("togetherctl " TOGETHER_VERSION);
    else
        status = line->verb()->run(*line, output);
    return output.flush() ? status : exit_cannot_tell;
}

}  // namespace
}  // namespace together::ctl

int main(int argc, char** argv) {
    try {
        // argc is 0 where execve(2) was given no arguments at all.
        return together::ctl::run({argv + (argc > 0 ? 1 : 0), argv + argc});
    } catch (const std::exception& error) {
        together::ctl::Output::complain(error.what());
    } catch (...) {
        together::ctl::Output::complain("an unknown error");
    }
    return together::ctl::exit_cannot_tell;
}
