// SPDX-License-Identifier: Apache-2.0
// togetherctl status: the gate on this node at a glance.
#include <algorithm>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/config/node_name.h"
#include "common/roster/backoff.h"
#include "common/system/duration.h"
#include "common/system/utc.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/accounts_state.h"
#include "togetherctl/node/node_status.h"
#include "togetherctl/node/refresh_outcome.h"
#include "togetherctl/node/roster_room.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

std::string roster_text(const NodeStatus& status) {
    const RosterState& state = status.roster;
    if (!state.roster) return "none that can be used: " + state.problem;
    const auto& config = status.config;
    std::string text = age_text(state.roster->age);
    switch (state.kind) {
        case RosterState::Kind::fresh:
            return "fresh, " + text;
        case RosterState::Kind::old:
            return "old, " + text + "; decides while nothing newer is to be had, for " +
                   (config.stale_for ? format_duration(*config.stale_for) : "ever");
        default:
            return "TOO OLD, " + text + "; decides nothing";
    }
}

void add_roster(const NodeStatus& status, Fields& fields) {
    fields.push_back({"Roster", roster_text(status), tone_of(status.roster.kind)});
    if (!status.roster.roster) return;
    const auto& header = status.roster.roster->snapshot.header();
    fields.push_back({"Snapshot", status.roster.path});
    const auto revision = revision_of(header);
    fields.push_back({"Revision", revision ? std::to_string(*revision) : "none"});
    fields.push_back({"Collaborators", counts_text(header)});
}

void add_emergency(const NodeStatus& status, Fields& fields) {
    if (status.lockdown)
        fields.push_back(
            {"Lockdown",
             "IN FORCE: " + (status.lockdown->empty() ? "no reason given" : *status.lockdown),
             Tone::bad});
    else
        fields.push_back({"Lockdown", "none"});
    std::string_view label = "Admissions";
    for (const auto& admission : status.admissions) {
        fields.push_back(
            {label,
             admission.login + " until " + format_utc(admission.until) + ": " + admission.reason,
             Tone::warning});
        label = "";
    }
    if (status.admissions.empty()) fields.push_back({label, "none"});
    for (const auto& problem : status.problems)
        fields.push_back({"", "ignored: " + problem, Tone::warning});
}

std::string number_of_groups(std::size_t number) {
    return std::to_string(number) + (number == 1 ? " group" : " groups");
}

void add_accounts(const NodeStatus& status, Fields& fields) {
    if (!status.accounts)
        return fields.push_back({"Accounts", "off: the roster gives this node none"});
    const auto& state = *status.accounts;
    const auto& roster = status.roster.roster;
    if (!state.problem.empty())
        return fields.push_back({"Accounts",
                                 "NONE THAT CAN BE USED: " + state.problem +
                                     "; nobody has one of the roster's here; togetherctl refresh",
                                 Tone::bad});
    std::string text = std::to_string(state.accounts.accounts.size());
    const bool is_known = roster && state.unknown.empty();
    if (is_known) text += " and " + number_of_groups(state.accounts.groups.size());
    const auto revision = state.is_current ? revision_of(roster->snapshot.header()) : std::nullopt;
    if (revision) text += ", revision " + std::to_string(*revision);
    const auto age = Nanoseconds(status.now.realtime - state.changed);
    text += ", changed " + format_age(std::max(age, Nanoseconds::zero())) + " ago";
    if (roster && !state.is_current)
        text += "; NOT THOSE OF THE ROSTER THAT STANDS HERE; togetherctl refresh";
    fields.push_back({"Accounts", text, roster && !state.is_current ? Tone::warning : Tone::plain});
    const auto& without = state.accounts.without;
    const auto number = is_known ? without.size() : state.without_when_written;
    if (number == 0) return;
    text = std::to_string(number) + " without, or groups that are missing";
    if (!without.empty()) text += ": " + first_names(without);
    if (!state.unknown.empty()) text += ", who cannot be told: " + state.unknown;
    fields.push_back({"", text + "; togetherctl accounts says what to do", Tone::warning});
}

// Root alone sees them.
void add_removals(const NodeStatus& status, Fields& fields) {
    std::string_view label = "Removals";
    for (const auto& leaver : status.leavers) {
        const bool held = leaver.is_held();
        fields.push_back({label,
                          leaver.login + (held ? ": NOTHING IS ENDED; the watcher's log says why"
                                               : ": what is left here is ended soon"),
                          held ? Tone::bad : Tone::warning});
        label = "";
    }
}

void add_last_attempt(const NodeStatus& status, Fields& fields) {
    if (!status.last_attempt) {
        fields.push_back({"Last attempt", "none recorded"});
        return;
    }
    const LastAttempt& attempt = *status.last_attempt;
    const auto since = elapsed(attempt.attempted, status.now);
    std::string text(name_of(attempt.outcome));
    text += since < 0ns ? ", in the future (this node's clock was set back)"
                        : ", " + format_age(since) + " ago";
    if (attempt.failures > 0) text += ", " + std::to_string(attempt.failures) + " failed in a row";
    const bool valid = attempt.outcome == RefreshOutcome::valid;
    fields.push_back({"Last attempt", text, valid ? Tone::plain : Tone::bad});
    if (!attempt.message.empty()) fields.push_back({"", attempt.message});
    if (!attempt.request_id.empty()) fields.push_back({"Request id", attempt.request_id});
    const auto left = time_left(attempt, status.now);
    fields.push_back(
        {"Next on demand", left > 0ns ? "not for another " + format_age(left) : "at once"});
}

void show(const NodeStatus& status, Output& output) {
    const bool observing = status.config.mode == Mode::observe;
    if (observing)
        output.line("OBSERVE MODE: NOBODY IS REFUSED. Denials are only logged, as would=deny.",
                    Tone::warning);
    Fields fields = {
        {"Project", status.config.project, Tone::strong},
        {"Mode", observing ? "OBSERVE" : "enforce", observing ? Tone::warning : Tone::plain},
        {"Authority", status.config.base_url},
        {"Node", node_name_of(status.config)},
        {"Configuration", status.config.path},
    };
    add_roster(status, fields);
    add_emergency(status, fields);
    add_removals(status, fields);
    add_last_attempt(status, fields);
    add_accounts(status, fields);
    if (status.lost_accounts)
        fields.push_back({"",
                          "THE LIST OF WHOM THIS NODE HAD IS LOST: nobody new gets an account; "
                          "togetherctl doctor says what to do",
                          Tone::bad});
    for (const auto& shortage : shortages(status.config))
        fields.push_back({"Room", shortage, Tone::warning});
    if (!status.log_problem.empty()) fields.push_back({"Log", status.log_problem, Tone::warning});
    const auto& dropped = status.dropped_log_lines;
    fields.push_back({"Dropped log lines",
                      dropped ? std::to_string(*dropped) : "unknown (this user may not look)",
                      dropped.value_or(0) > 0 ? Tone::warning : Tone::plain});
    output.fields(fields);
}

int run(const CommandLine& line, Output& output) {
    const auto config = load_node_config(line.config_path());
    if (!config) return output.fail(config.error().message);
    const auto status = look_at_node(*config);
    if (output.json())
        output.document(json_of(status));
    else
        show(status, output);
    return status.roster.decides() ? exit_yes : exit_no;
}

constexpr Status statuses[] = {
    {"0", "there is a roster that decides"},
    {"1", "there is none, or it is older than stale_for"},
    {"2", "the configuration is wrong, or wrong usage"},
};

}  // namespace

constinit const Verb status_verb = {
    .name = "status",
    .operand = "",
    .summary = "the gate on this node at a glance",
    .about =
        "Shows mode and project, the roster and its age, lockdown and admissions in force, the\n"
        "last attempt to refresh, and the accounts that the roster gives this node, and who has\n"
        "none and why. Asks nobody and changes nothing.",
    .options = {},
    .statuses = statuses,
    .example = "togetherctl status",
    .run = run,
};

}  // namespace together::ctl
