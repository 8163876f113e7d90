// SPDX-License-Identifier: Apache-2.0
// togetherctl roster: who is on it, as this node has it.
#include "common/roster/roster.h"

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/roles/permissions.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/roster_state.h"

namespace together::ctl {
namespace {

using namespace together;

// Stable names, in JSON as they are, in text with blanks.
std::vector<std::string> notes_on(const RosterEntry& entry, const Config& config) {
    std::vector<std::string> notes;
    const auto note = [&](bool applies, const char* name) {
        if (applies) notes.emplace_back(name);
    };
    const bool has_uid = entry.uid_source != UidSource::none;
    note(entry.external, "external");
    note(entry.login_shared, "login_shared");
    note(entry.uid_shared, "uid_shared");
    note(!role_named(entry.role), "unknown_role");
    note(has_uid && entry.uid < config.min_uid, "uid_below_minimum");
    note(!has_uid, "without_uid");
    note(entry.uid_source == UidSource::node, "uid_from_this_node");
    return notes;
}

std::string joined(const std::vector<std::string>& notes) {
    std::string text;
    for (const auto& note : notes) text += (text.empty() ? "" : ", ") + note;
    for (char& c : text)
        if (c == '_') c = ' ';
    return text;
}

Json::Value json_of(const RosterEntry& entry, const std::vector<std::string>& notes) {
    Json::Value json;
    const bool has_uid = entry.uid_source != UidSource::none;
    json["login"] = entry.login;
    json["uid"] = has_uid ? Json::Value(entry.uid) : Json::Value();
    json["role"] = entry.role;
    json["user_id"] = entry.user_id;
    json["external"] = entry.external;
    json["notes"] = Json::Value(Json::arrayValue);
    for (const auto& note : notes) json["notes"].append(note);
    return json;
}

struct Listing {
    const Config& config;
    bool as_json;
    std::vector<Row> rows;
    Json::Value json{Json::arrayValue};

    void add(const RosterEntry& entry) {
        const auto notes = notes_on(entry, config);
        if (as_json)
            json.append(json_of(entry, notes));
        else
            rows.push_back({entry.login,
                            entry.uid_source == UidSource::none ? "-" : std::to_string(entry.uid),
                            entry.role, entry.user_id, joined(notes)});
    }
};

std::string last_line(const RosterState& state) {
    const auto& header = state.roster->snapshot.header();
    std::string text = "Collaborators: " + counts_text(header) + ", " + age_text(state.roster->age);
    if (const auto revision = revision_of(header))
        text += ", revision " + std::to_string(*revision);
    if (!state.decides()) text += ". TOO OLD: it decides nothing";
    return text;
}

int run(const CommandLine& line, Output& output) {
    const auto config = load_config(line.config_path());
    if (!config) return output.fail(config.error().message);
    SystemClock clock;
    const auto state = look_at_roster(*config, clock.now());
    if (!state.roster) return output.fail(state.problem);
    Listing listing{*config, output.json(), {}, Json::Value(Json::arrayValue)};
    const bool whole =
        state.roster->snapshot.for_each([&](const RosterEntry& entry) { listing.add(entry); });
    if (!whole) return output.fail(state.path + " is damaged");
    if (output.json()) {
        Json::Value json;
        json["project"] = config->project;
        json["roster"] = together::ctl::json_of(state);
        json["collaborators"] = std::move(listing.json);
        output.document(json);
    } else {
        output.table({"LOGIN", "UID", "ROLE", "USER ID", "NOTES"}, listing.rows);
        output.line("");
        output.line(last_line(state), state.decides() ? Tone::plain : Tone::bad);
    }
    return exit_yes;
}

constexpr Status statuses[] = {
    {"0", "listed"},
    {"2", "no usable roster, or wrong usage"},
};

}  // namespace

constinit const Verb roster_verb = {
    .name = "roster",
    .operand = "",
    .summary = "who is on the roster",
    .about =
        "Lists the roster as it stands on this node, in the authority's order. Asks nobody.\n"
        "Of entries that share a login one is shown: none of them gets in.",
    .options = {},
    .statuses = statuses,
    .example = "togetherctl roster",
    .run = run,
};

}  // namespace together::ctl
