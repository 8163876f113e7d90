// SPDX-License-Identifier: Apache-2.0
#include "common/decision/roster_metrics.h"

#include <chrono>

#include "common/roster/roster.h"

namespace together {
namespace {

std::string usable(bool is_usable) {
    return gauge("roster_usable", "Whether anybody of the roster can be let in.",
                 is_usable ? "1" : "0");
}

}  // namespace

std::string gauge(std::string_view name, std::string_view help, const std::string& value) {
    const std::string full = "together_" + std::string(name);
    return "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " gauge\n" + full +
           " " + value + "\n";
}

std::string roster_metrics(const Config* config, Clock& clock) {
    if (config == nullptr) return usable(false);
    const auto roster = open_roster(*config, clock);
    if (!roster) return usable(false);
    const auto& header = roster->snapshot.header();
    const std::chrono::duration<double> age = roster->age.at_least;
    return usable(config->within_stale_for(roster->age.at_least)) +
           gauge("roster_age_seconds", "Since the roster was validated.",
                 std::to_string(age.count())) +
           gauge("roster_entries", "Collaborators on the roster.", std::to_string(header.entries)) +
           gauge("roster_revision", "Of the roster, as its authority counts.",
                 std::to_string(header.revision));
}

}  // namespace together
