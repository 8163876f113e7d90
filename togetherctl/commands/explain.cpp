// SPDX-License-Identifier: Apache-2.0
// togetherctl explain: all that the gate knew when it answered.
#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/decision/explanation.h"
#include "common/roster/roster_paths.h"
#include "common/system/utc.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/decision_json.h"
#include "togetherctl/node/gate_answer.h"
#include "togetherctl/node/roster_state.h"
#include "togetherctl/node/why_no_account.h"

namespace together::ctl {
namespace {

using namespace together;

std::string verdict_text(const Decision& d) {
    std::string text(name_of(d.verdict));
    if (d.would) text += " (OBSERVE MODE: would be " + std::string(name_of(*d.would)) + ")";
    return text;
}

std::string role_text(const Decision& d) {
    if (!d.role) return d.role_text + " (unknown)";
    const std::string name(name_of(*d.role));
    return name == d.role_text ? name : name + " (written " + d.role_text + ")";
}

std::string uid_text(const Decision& d) {
    std::string text = std::to_string(*d.uid);
    if (d.node_uid && *d.node_uid != *d.uid)
        text += " (this node: " + std::to_string(*d.node_uid) + ")";
    return text;
}

void add_roster(const GateAnswer& answer, Fields& fields) {
    const Decision& d = answer.decision;
    if (!answer.config) return;
    fields.push_back({"Project", answer.config->project});
    // Exempt, locked down, admitted: no roster was opened.
    if (d.evidence == Evidence::none && d.reason != Reason::no_roster) return;
    fields.push_back({"Roster", RosterPaths(*answer.config).snapshot});
    fields.push_back({"", "from " + answer.config->base_url});
    if (!d.age) return;
    std::string text = d.revision ? "revision " + std::to_string(*d.revision) + ", " : "";
    fields.push_back({"", text + together::age_text(*d.age, d.age_uncertain) + ", " +
                              std::string(name_of(d.evidence))});
}

Json::Value json_of(const WhyNoAccount& why) {
    Json::Value json;
    json["reason"] = why.reason;
    json["what"] = why.what;
    json["remedy"] = why.remedy;
    return json;
}

Fields fields_of(const GateAnswer& answer, const std::optional<WhyNoAccount>& no_account) {
    const Decision& d = answer.decision;
    const auto& action = permission(d.action);
    Fields fields = {
        {"Login", d.login.empty() ? "unknown" : d.login},
        {"Action", std::string(action.name) + " (" + std::string(action.title) + ")"},
        {"Verdict", verdict_text(d),
         d.would       ? Tone::warning
         : d.allowed() ? Tone::good
                       : Tone::bad},
        {"Reason", std::string(name_of(d.reason))},
        {"Row", row_of(d)},
    };
    if (!d.detail.empty()) fields.push_back({"Detail", d.detail});
    if (d.admitted_until) fields.push_back({"Admitted until", format_utc(*d.admitted_until)});
    if (!d.role_text.empty()) fields.push_back({"Role", role_text(d)});
    if (d.uid) fields.push_back({"Uid", uid_text(d)});
    if (no_account) {
        fields.push_back({"Account", "none: " + no_account->what, Tone::warning});
        fields.push_back({"What to do", no_account->remedy});
    }
    add_roster(answer, fields);
    if (!d.refresh_problem.empty()) fields.push_back({"Refresh", d.refresh_problem});
    if (answer.could_not_ask())
        fields.push_back({"Note", std::string(could_not_ask_text), Tone::warning});
    const auto message = message_for_user(answer.enforced());
    fields.push_back({"PAM answer", std::string(answer.pam_answer())});
    fields.push_back(
        {d.would ? "User would read" : "User reads", message.empty() ? "nothing" : message});
    fields.push_back({"Log line", log_line(d, answer.origin)});
    return fields;
}

int run(const CommandLine& line, Output& output) {
    const auto answer = ask_gate(line, line.has("require-admin"));
    if (!answer) return output.fail("explain: " + answer.error().message);
    const auto no_account = why_no_account(line.config_path(), answer->decision);
    if (!output.json()) {
        output.fields(fields_of(*answer, no_account));
        return exit_yes;
    }
    auto json = json_of(*answer);
    json["pam_answer"] = std::string(answer->pam_answer());
    json["log_line"] = log_line(answer->decision, answer->origin);
    json["took_us"] = Json::Int64{answer->origin.took_us};
    json["no_account"] = no_account ? json_of(*no_account) : Json::Value();
    if (answer->config) {
        json["roster"]["path"] = RosterPaths(*answer->config).snapshot;
        json["roster"]["base_url"] = answer->config->base_url;
    } else {
        json["roster"] = Json::Value();
    }
    output.document(json);
    return exit_yes;
}

constexpr std::array<Option, 3> options = {{
    {"action", "ACTION", "what is asked for (default: ssh.login; see togetherctl permissions)"},
    {"uid", "UID", "ask for a uid instead of a login, as Slurm does"},
    {"require-admin", "", "deny any role but admin, as pam_together's require=admin does"},
}};

constexpr std::array<Status, 2> statuses = {{
    {"0", "explained, whatever the verdict"},
    {"2", "wrong usage"},
}};

}  // namespace

constinit const Verb explain_verb = {
    .name = "explain",
    .operand = "[LOGIN]",
    .summary = "why LOGIN gets in or not",
    .about =
        "Asks the gate as check does, and shows all that it knew: the row of the decision\n"
        "table, the role, the roster and its age, PAM's answer, what the user reads and the\n"
        "log line (which is not sent). Of somebody on the roster who has no account here, the\n"
        "reason and what to do. LOGIN need not be on the roster or exist.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl explain alice",
    .run = run,
};

}  // namespace together::ctl
