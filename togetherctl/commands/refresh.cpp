// SPDX-License-Identifier: Apache-2.0
// togetherctl refresh: one round of together-refresh now, whatever the roster's age.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/roster/last_attempt.h"
#include "common/system/errno_text.h"
#include "processes/run_program.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/refresh_outcome.h"
#include "togetherctl/node/roster_state.h"

namespace together::ctl {
namespace {

using namespace together;

// Nobody else can write the snapshot anyway; this says it before anything is asked.
std::optional<std::string> why_not_permitted(const Config& config) {
    if (::geteuid() == 0) return std::nullopt;
    struct stat status {};
    if (::stat(config.directory.c_str(), &status) != 0)
        return errno_text("[roster] directory " + config.directory, errno);
    if (status.st_uid == ::geteuid()) return std::nullopt;
    return "needs root, or the owner of " + config.directory;
}

void show(RefreshOutcome outcome, int status, const RosterState& state,
          const std::optional<LastAttempt>& attempt, Output& output) {
    std::string text(meaning_of(outcome));
    if (!is_known(outcome)) text += " Its exit status is " + std::to_string(status) + ".";
    output.line(text, outcome == RefreshOutcome::valid ? Tone::good : Tone::bad);
    if (!state.roster) {
        output.line("Roster: none that can be used: " + state.problem);
        return;
    }
    const auto& header = state.roster->snapshot.header();
    const auto revision = revision_of(header);
    output.line("Roster: " + (revision ? "revision " + std::to_string(*revision) + ", " : "") +
                age_text(state.roster->age) + "; collaborators: " + counts_text(header));
    // Also what is odd about the roster: together-refresh is silent about a success.
    if (outcome == RefreshOutcome::valid && attempt && !attempt->message.empty())
        output.line("This round: " + attempt->message);
}

int run(const CommandLine& line, Output& output) {
    const auto config = load_config(line.config_path());
    if (!config) {
        output.fail(config.error().message);
        return static_cast<int>(RefreshOutcome::configuration);
    }
    if (const auto problem = why_not_permitted(*config)) return output.fail("refresh: " + *problem);
    std::vector<std::string> arguments = {"--config", config->path};
    for (const char* option : {"verbose", "accept-older"})
        if (line.has(option)) arguments.push_back("--" + std::string(option));
    const auto status =
        run_program(config->refresh_program, arguments,
                    output.json() ? ChildOutput::all_to_stderr : ChildOutput::inherited);
    if (!status) return output.fail(status.error().message);

    const auto outcome = static_cast<RefreshOutcome>(*status);
    SystemClock clock;
    const auto state = look_at_roster(*config, clock.now());
    if (!output.json()) {
        show(outcome, *status, state, read_last_attempt(RosterPaths(*config)), output);
        return *status;
    }
    Json::Value json;
    json["exit_status"] = *status;
    json["outcome"] = std::string(name_of(outcome));
    json["meaning"] = std::string(meaning_of(outcome));
    json["roster"] = json_of(state);
    output.document(json);
    return *status;
}

constexpr std::array<Option, 2> options = {{
    {"verbose", "", "show the exchange with the authority, without secrets"},
    {"accept-older", "", "take a revision that is older than the one that stands here"},
}};

constexpr Status statuses[] = {
    {"0", "the roster is valid"},         {"2", "it could not be tried, or wrong usage"},
    {"75", "no usable answer"},           {"77", "the authority refuses this node's token"},
    {"78", "the configuration is wrong"},
};

}  // namespace

constinit const Verb refresh_verb = {
    .name = "refresh",
    .operand = "",
    .summary = "ask the authority for the roster now",
    .about =
        "Executes together-refresh for one round, whatever the roster's age and however the\n"
        "last attempt ended. Needs root, or the owner of the roster's directory.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl refresh --verbose",
    .run = run,
};

}  // namespace together::ctl
