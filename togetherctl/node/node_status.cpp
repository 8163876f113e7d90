// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/node_status.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "cli/output.h"
#include "common/config/node_name.h"
#include "common/roster/backoff.h"
#include "common/system/log_sink.h"
#include "common/system/utc.h"
#include "togetherctl/node/accounts_state.h"
#include "togetherctl/node/log_place.h"
#include "togetherctl/node/refresh_outcome.h"
#include "togetherctl/node/roster_room.h"

namespace together::ctl {
namespace {

using namespace together;

std::optional<std::int64_t> size_of_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return status.st_size;
    if (errno == ENOENT) return 0;
    return std::nullopt;
}

Json::Value json_of(const Leaver& leaver) {
    Json::Value json;
    json["login"] = leaver.login;
    json["uid"] = json_or_null(leaver.uid);
    json["held"] = leaver.is_held();
    return json;
}

Json::Value json_of(const LastAttempt& attempt, const Moment& now) {
    Json::Value json;
    json["at"] = format_utc(attempt.attempted.realtime);
    json["age_seconds"] = in_seconds(elapsed(attempt.attempted, now));
    json["outcome"] = std::string(name_of(attempt.outcome));
    json["failures"] = attempt.failures;
    json["message"] = attempt.message.empty() ? Json::Value() : Json::Value(attempt.message);
    json["request_id"] =
        attempt.request_id.empty() ? Json::Value() : Json::Value(attempt.request_id);
    json["next_in_seconds"] = in_seconds(time_left(attempt, now));
    return json;
}

Json::Value json_of(const WithoutAccount& one) {
    const auto& text = text_of(one.reason);
    Json::Value json;
    json["name"] = one.name;
    json["reason"] = std::string(text.name);
    json["what"] = std::string(text.what);
    json["remedy"] = std::string(text.remedy);
    return json;
}

// Null where it is of the roster, and there is none.
Json::Value json_of_accounts(const AccountsState* state, const RosterState& roster) {
    Json::Value json;
    json["enabled"] = state != nullptr;
    if (state == nullptr) return json;
    json["path"] = state->path;
    json["problem"] = state->problem.empty() ? Json::Value() : Json::Value(state->problem);
    if (!state->problem.empty()) return json;
    json["current"] = state->is_current;
    json["changed"] = format_utc(state->changed);
    json["accounts"] = Json::UInt64{state->accounts.accounts.size()};
    json["removed"] = Json::UInt64{state->accounts.removed.size()};
    const bool is_known = roster.roster.has_value() && state->unknown.empty();
    json["unknown"] = state->unknown.empty() ? Json::Value() : Json::Value(state->unknown);
    const auto& without = state->accounts.without;
    json["groups"] =
        is_known ? Json::Value(Json::UInt64{state->accounts.groups.size()}) : Json::Value();
    json["without"] = is_known ? Json::UInt64{without.size()} : state->without_when_written;
    json["first_without"] = Json::arrayValue;
    for (std::size_t i = 0; i < std::min(max_named, without.size()); ++i)
        json["first_without"].append(json_of(without[i]));
    const auto revision = state->is_current ? revision_of(roster.roster->snapshot.header())
                                            : std::optional<std::int64_t>();
    json["revision"] = json_or_null(revision);
    return json;
}

}  // namespace

Json::Value json_of(const Admission& admission) {
    Json::Value json;
    json["login"] = admission.login;
    json["uid"] = json_or_null(admission.uid);
    json["until"] = format_utc(admission.until);
    json["reason"] = admission.reason;
    return json;
}

NodeStatus look_at_node(const NodeConfig& config) {
    NodeStatus status{config, SystemClock().now(), {}, {}, {}, {}, {}, {}, {}, {}, {}};
    const RosterPaths paths(config);
    status.roster = look_at_roster(config, status.now);
    status.lockdown = lockdown_in_force(config.folder());
    for (auto& admission : read_admissions(config.folder(), status.problems))
        if (admission.until > status.now.realtime)
            status.admissions.push_back(std::move(admission));
    status.leavers = read_leavers(config);
    std::erase_if(status.leavers, [](const Leaver& one) {
        return one.stage == Leaver::Stage::done || one.stage == Leaver::Stage::back;
    });
    status.last_attempt = read_last_attempt(paths);
    if (config.accounts.enabled)
        status.accounts = std::make_shared<const AccountsState>(look_at_accounts(
            config, status.roster.roster ? &status.roster.roster->snapshot : nullptr));
    status.lost_accounts = config.accounts.enabled && lost_whom_it_had();
    status.dropped_log_lines = size_of_file(LogPaths().dropped);
    if (const auto missing = no_place_for_log_lines(); !missing.empty())
        status.log_problem = missing + ": decisions are logged only where sshd's stderr is a log";
    return status;
}

Json::Value json_of(const NodeStatus& status) {
    Json::Value json;
    json["project"] = status.config.project;
    json["mode"] = status.config.mode == Mode::observe ? "observe" : "enforce";
    json["base_url"] = status.config.base_url;
    json["node"] = node_name_of(status.config);
    json["configuration"] = status.config.path;
    json["roster"] = together::ctl::json_of(status.roster);
    json["shortages"] = Json::arrayValue;
    for (const auto& shortage : shortages(status.config)) json["shortages"].append(shortage);
    json["accounts"] = json_of_accounts(status.accounts.get(), status.roster);
    json["lost_accounts"] = status.lost_accounts;
    json["lockdown"]["in_force"] = status.lockdown.has_value();
    json["lockdown"]["reason"] = json_or_null(status.lockdown);
    json["admissions"] = Json::Value(Json::arrayValue);
    for (const auto& admission : status.admissions) json["admissions"].append(json_of(admission));
    json["problems"] = Json::Value(Json::arrayValue);
    for (const auto& problem : status.problems) json["problems"].append(problem);
    json["removals"] = Json::Value(Json::arrayValue);
    for (const auto& leaver : status.leavers) json["removals"].append(json_of(leaver));
    json["last_attempt"] =
        status.last_attempt ? json_of(*status.last_attempt, status.now) : Json::Value();
    json["dropped_log_lines"] = status.dropped_log_lines
                                    ? Json::Value(Json::Int64{*status.dropped_log_lines})
                                    : Json::Value();
    json["log_problem"] =
        status.log_problem.empty() ? Json::Value() : Json::Value(status.log_problem);
    return json;
}

}  // namespace together::ctl
