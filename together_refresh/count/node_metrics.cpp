// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/node_metrics.h"

#include <algorithm>
#include <cstdint>

#include "common/decision/emergency.h"
#include "common/decision/roster_metrics.h"
#include "common/roster/last_attempt.h"
#include "common/roster/leavers.h"

namespace together {
namespace {

std::string admissions_in_force(const NodeConfig& config, Clock& clock) {
    std::vector<std::string> problems;
    const auto admissions = read_admissions(config.folder(), problems);
    const auto now = clock.now().realtime;
    const auto in_force = std::count_if(admissions.begin(), admissions.end(),
                                        [&](const auto& one) { return one.until > now; });
    return gauge("admissions", "Logins that togetherctl admit lets in now.",
                 std::to_string(in_force));
}

std::string last_attempt(const NodeConfig& config) {
    const auto attempt = read_last_attempt(RosterPaths(config));
    if (!attempt) return {};
    constexpr std::int64_t second = 1'000'000'000;
    return gauge("refresh_attempt_timestamp_seconds", "When the authority was asked last.",
                 std::to_string(attempt->attempted.realtime / second)) +
           gauge("refresh_failures", "Attempts in a row that brought no valid answer.",
                 std::to_string(attempt->failures));
}

std::string removals(const NodeConfig& config) {
    const auto leavers = read_leavers(config);
    const auto number = [&](auto... stages) {
        return std::to_string(std::count_if(leavers.begin(), leavers.end(), [&](const auto& one) {
            return ((one.stage == stages) || ...);
        }));
    };
    using enum Leaver::Stage;
    return gauge("removals_waiting",
                 "People who left the roster and whose sessions here on_removal ends.",
                 number(seen, warned)) +
           gauge("removals_held", "People who left the roster and of whom nothing is ended.",
                 number(held, unanswered));
}

}  // namespace

std::string node_metrics(const NodeConfig& config, Clock& clock) {
    return roster_metrics(&config, clock) + last_attempt(config) +
           gauge("observe", "Whether [gate] mode lets everybody in and only logs.",
                 config.mode == Mode::observe ? "1" : "0") +
           gauge("lockdown", "Whether nobody but root and who is admitted gets in.",
                 lockdown_in_force(config.folder()) ? "1" : "0") +
           admissions_in_force(config, clock) + removals(config) +
           "# HELP together_build_info The software that counts.\n"
           "# TYPE together_build_info gauge\n"
           "together_build_info{version=\"" TOGETHER_VERSION "\"} 1\n";
}

}  // namespace together
