// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/roster_state.h"

#include <cstdint>

#include "common/decision/explanation.h"

namespace together::ctl {

using namespace together;

RosterState look_at_roster(const Config& config, const Moment& now) {
    using Kind = RosterState::Kind;
    RosterState state;
    state.path = RosterPaths(config).snapshot;
    auto roster = open_roster(config, now);
    if (!roster) {
        state.problem = roster.error().message;
    } else if (!roster->snapshot.verify_intact()) {
        state.problem = state.path + " is damaged (its checksum is wrong)";
    } else {
        const auto& age = roster->age;
        state.kind = age.value <= config.fresh_for           ? Kind::fresh
                     : config.within_stale_for(age.at_least) ? Kind::old
                                                             : Kind::too_old;
        state.roster = *std::move(roster);
    }
    return state;
}

std::string_view name_of(RosterState::Kind kind) {
    switch (kind) {
        case RosterState::Kind::fresh:
            return "fresh";
        case RosterState::Kind::old:
            return "old";
        case RosterState::Kind::too_old:
            return "too_old";
        case RosterState::Kind::unusable:
            break;
    }
    return "unusable";
}

Tone tone_of(RosterState::Kind kind) {
    switch (kind) {
        case RosterState::Kind::fresh:
            return Tone::good;
        case RosterState::Kind::old:
            return Tone::warning;
        case RosterState::Kind::too_old:
        case RosterState::Kind::unusable:
            break;
    }
    return Tone::bad;
}

std::string age_text(const Age& age) {
    return together::age_text(age.at_least, age.uncertain);
}

std::string counts_text(const SnapshotHeader& header) {
    return std::to_string(header.entries) + " (" + std::to_string(header.admins) + " admin, " +
           std::to_string(header.left_out) + " left out, " + std::to_string(header.without_uid) +
           " without a uid)";
}

std::optional<std::int64_t> revision_of(const SnapshotHeader& header) {
    if (header.has_revision == 0) return std::nullopt;
    return header.revision;
}

Json::Value json_of(const RosterState& state) {
    Json::Value json;
    json["state"] = std::string(name_of(state.kind));
    json["path"] = state.path;
    json["problem"] = state.problem.empty() ? Json::Value() : Json::Value(state.problem);
    if (!state.roster) return json;
    const auto& header = state.roster->snapshot.header();
    json["age_seconds"] = in_seconds(state.roster->age.value);
    json["age_uncertain"] = state.roster->age.uncertain;
    const auto revision = revision_of(header);
    json["revision"] = revision ? Json::Value(Json::Int64{*revision}) : Json::Value();
    json["entries"] = header.entries;
    json["admins"] = header.admins;
    json["left_out"] = header.left_out;
    json["without_uid"] = header.without_uid;
    return json;
}

double in_seconds(Nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace together::ctl
