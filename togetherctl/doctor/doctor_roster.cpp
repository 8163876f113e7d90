// SPDX-License-Identifier: Apache-2.0
// The roster that stands here, who keeps it fresh, and what root wrote beside it.
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "common/system/duration.h"
#include "common/system/utc.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/node/node_status.h"
#include "togetherctl/node/roster_room.h"
#include "togetherctl/node/watcher.h"

namespace together::ctl {
namespace {

using namespace together;

// slurmctld never asks for a newer roster itself.
void check_watcher(const Patient& patient, bool runs, Findings& findings) {
    if (runs)
        findings.ok("watcher", "together-refresh --watch runs");
    else if (!patient.slurmctld.empty())
        findings.fail("watcher", "slurmctld runs here, and no together-refresh --watch",
                      "slurmctld never waits for a roster: it would decide from an ever older one",
                      start_watcher);
    else if (patient.config.accounts.enabled)
        findings.fail(
            "watcher", "no together-refresh --watch, and [accounts] is enabled",
            "sshd asks nobody about a login that is unknown: who was added gets no account",
            start_watcher);
    else
        findings.tell("watcher",
                      "none here: a removed collaborator is refused at the first login "
                      "after fresh_for");
}

std::string described(const RosterState& state) {
    const auto& roster = *state.roster;
    const auto revision = revision_of(roster.snapshot.header());
    return age_text(roster.age) + ", " +
           (revision ? "revision " + std::to_string(*revision) : "without a revision") + ", " +
           std::to_string(roster.snapshot.header().entries) + " collaborators";
}

// Without a watcher it grows old while nobody logs in, and the next login has it refreshed.
void check_age(const NodeStatus& status, bool is_kept_fresh, Findings& findings) {
    using Kind = RosterState::Kind;
    const auto& state = status.roster;
    const std::string refresh = "togetherctl refresh --verbose";
    if (!state.roster)
        return findings.fail("roster", state.problem, "nobody but exempt users gets in without one",
                             refresh);
    if (state.roster->age.uncertain && state.kind != Kind::too_old)
        return findings.warn("roster", described(state),
                             "how long people who were removed stay cannot be told", refresh);
    if (state.kind == Kind::fresh || (state.kind == Kind::old && !is_kept_fresh))
        return findings.ok("roster", described(state));
    if (state.kind == Kind::old)
        return findings.warn("roster", described(state) + ", and a watcher should keep it fresh",
                             "removed people still get in", refresh);
    if (is_kept_fresh)
        return findings.fail("roster", described(state) + ": older than stale_for",
                             "it decides nothing, nobody gets in", refresh);
    findings.warn("roster", described(state) + ": older than stale_for",
                  "nobody gets in unless the next login can have it refreshed", refresh);
}

void check_entries(const SnapshotHeader& header, Findings& findings) {
    const std::string fix = "togetherctl api-check names the entries; an Admin fixes them";
    if (header.admins == 0)
        findings.warn("roster_entries", "nobody on the roster is an Admin",
                      "what only an Admin may, nobody can; is it the right project?", fix);
    else if (header.left_out > 0)
        findings.warn("roster_entries",
                      std::to_string(header.left_out) + " entries have no usable login",
                      "these people get in nowhere", fix);
    else
        findings.ok("roster_entries", counts_text(header));
}

void check_revision(const Patient& patient, const SnapshotHeader& header, Findings& findings) {
    const auto here = revision_of(header);
    if (!here || !patient.authority_has) return;
    if (*patient.authority_has < *here)
        findings.fail("revision",
                      "the authority has revision " + std::to_string(*patient.authority_has) +
                          ", this node " + std::to_string(*here),
                      "an older revision is refused: no change reaches this node",
                      "if the authority was restored: togetherctl refresh --accept-older");
    else
        findings.ok("revision", "not newer than the authority's");
}

void check_room(const NodeConfig& config, Findings& findings) {
    const auto found = shortages(config);
    for (const auto& shortage : found)
        findings.warn("room", shortage,
                      "where the next roster finds no room nobody new gets in, and after " +
                          format_duration(config.local_fault_for) + " nobody",
                      "make room there, or give [roster] directory a file system of its own; then "
                      "togetherctl refresh");
    if (found.empty()) findings.ok("room", "the next roster has room");
}

void check_last_attempt(const NodeStatus& status, Findings& findings) {
    if (!status.last_attempt) return findings.tell("last_refresh", "none recorded");
    const auto& attempt = *status.last_attempt;
    if (attempt.outcome == RefreshOutcome::valid)
        return findings.ok("last_refresh", "it was valid");
    std::string what = std::to_string(std::max<std::uint32_t>(attempt.failures, 1)) +
                       " failed in a row, the last with: " + attempt.message;
    if (!attempt.request_id.empty()) what += " (request id " + attempt.request_id + ")";
    findings.warn("last_refresh", what, "the roster grows old", "togetherctl refresh --verbose");
}

}  // namespace

void check_roster(const Patient& patient, Findings& findings) {
    const auto status = look_at_node(patient.config);
    const bool watched = watcher_runs(patient.config);
    check_age(status, watched || !patient.slurmctld.empty(), findings);
    if (status.roster.roster) {
        check_entries(status.roster.roster->snapshot.header(), findings);
        check_revision(patient, status.roster.roster->snapshot.header(), findings);
        check_room(patient.config, findings);
    }
    check_last_attempt(status, findings);
    check_watcher(patient, watched, findings);
}

void check_emergency(const Patient& patient, Findings& findings) {
    const auto status = look_at_node(patient.config);
    if (status.lockdown)
        findings.warn("lockdown",
                      "LOCKDOWN IN FORCE: " +
                          (status.lockdown->empty() ? "no reason given" : *status.lockdown),
                      "nobody but root and exempt users gets in", "togetherctl lockdown --off");
    else
        findings.ok("lockdown", "none");
    for (const auto& leaver : status.leavers)
        if (leaver.is_held())
            findings.warn(
                "removals",
                leaver.login +
                    " left the roster, has something here, and on_removal ends "
                    "nothing of it",
                "the watcher's log says why: many left at once, /proc hides processes, or the name "
                "service does not answer",
                "togetherctl sessions --end, if the roster is right");
    for (const auto& admission : status.admissions)
        findings.warn("admissions",
                      admission.login + " IS ADMITTED until " + format_utc(admission.until) + ": " +
                          admission.reason,
                      "whatever the roster says", "togetherctl admit --end " + admission.login);
    for (const auto& problem : status.problems)
        findings.warn("admissions", "ignored: " + problem, "it admits nobody",
                      "togetherctl admit LOGIN --for 2h --reason TEXT");
    if (status.admissions.empty() && status.problems.empty()) findings.ok("admissions", "none");
}

}  // namespace together::ctl
