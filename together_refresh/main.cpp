// SPDX-License-Identifier: Apache-2.0
// together-refresh: brings the node's copy of the project's roster up to date.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "common/on_demand/helper_process.h"
#include "together_refresh/access_check.h"
#include "together_refresh/api_check.h"
#include "together_refresh/process/options.h"
#include "together_refresh/process/process_setup.h"
#include "together_refresh/round.h"
#include "together_refresh/watch.h"

namespace {

using namespace together;

int exit_status(RefreshOutcome outcome) {
    // Callers conclude nothing from it; scripts of operators know one status for "no new roster".
    return static_cast<int>(outcome == RefreshOutcome::node_fault ? RefreshOutcome::no_answer
                                                                  : outcome);
}

void say(const std::string& text) {
    (void)std::fprintf(stderr, "together-refresh: %s\n", text.c_str());
}

int one_round(const RefreshOptions& options, Clock& clock) {
    const auto config = load_refresh_config(options.config_path);
    if (!config) {
        say(config.error().message);
        return exit_status(RefreshOutcome::configuration);
    }
    if (options.kind == RefreshKind::on_demand) set_alarm(config->node.deadline);
    const auto result = Rounds(options, clock, say).run(*config);
    if (options.verbose || result.outcome != RefreshOutcome::valid) say(log_text(result));
    if (result.outcome != RefreshOutcome::valid || config->problem.empty())
        return exit_status(result.outcome);
    say(config->problem);
    return exit_status(RefreshOutcome::configuration);
}

int run(const RefreshOptions& options) {
    const bool on_demand = options.kind == RefreshKind::on_demand;
    const bool has_pipe = on_demand && ::fcntl(helper_pipe, F_GETFD) >= 0;
    if (has_pipe)
        keep_only_descriptors({helper_pipe});
    else
        keep_only_descriptors({});
    reset_inherited_state();
    forget_environment();
    keep_freed_memory();
    // A caller that was killed must leave nothing behind. The last change of credentials was its.
    if (has_pipe && !die_with_parent(helper_pipe)) return exit_status(RefreshOutcome::no_answer);
    if (options.kind == RefreshKind::api_check) return api_check(options);
    if (options.kind == RefreshKind::check_access) return check_access(options.config_path);
    SystemClock clock;
    if (options.kind == RefreshKind::watch) return watch(options, clock, say);
    return one_round(options, clock);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto options = together::parse_options(argc, argv);
        if (!options) {
            say(options.error().message + "; see together-refresh --help");
            return exit_status(RefreshOutcome::configuration);
        }
        if (options->help) {
            (void)std::fputs(refresh_usage, stdout);
            return 0;
        }
        if (options->version) {
            std::puts("together-refresh " TOGETHER_VERSION);
            return 0;
        }
        return run(*options);
    } catch (const std::exception& error) {
        say(error.what());
        return exit_status(RefreshOutcome::no_answer);
    }
}
