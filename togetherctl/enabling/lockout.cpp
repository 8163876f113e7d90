// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/lockout.h"

#include "common/decision/explanation.h"
#include "common/decision/gate.h"
#include "common/on_demand/once_refresher.h"

namespace together::ctl {
namespace {

using namespace together;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

}  // namespace

std::string Refused::message() const {
    Decision enforced = decision;
    enforced.verdict = decision.would.value_or(decision.verdict);
    return message_for_user(enforced);
}

std::vector<Refused> who_would_be_refused(const Plan& plan, const Result<Config>& config,
                                          const KnownPeople& people) {
    SystemClock clock;
    SystemAccounts accounts;
    OnceRefresher refresher(clock);
    Gate gate(config, clock, accounts, refresher);
    std::vector<Refused> refused;
    for (const auto& [login, person] : people.by_login) {
        auto decision = gate.decide({Subject::of_login(login), plan.action, plan.require_admin});
        if (!decision.allowed() || decision.would)
            refused.push_back({login, person.uid, person.signs, std::move(decision)});
    }
    return refused;
}

std::optional<std::string> why_no_roster(const Plan& plan, const Result<Config>& config) {
    SystemClock clock;
    SystemAccounts accounts;
    OnceRefresher refresher(clock);
    Gate gate(config, clock, accounts, refresher);
    // A login that no roster can hold: all rosters that are usable have the same answer.
    const auto decision = gate.decide({Subject::of_login("-"), plan.action, plan.require_admin});
    if (decision.reason != Reason::no_roster && decision.reason != Reason::roster_too_old)
        return std::nullopt;
    return decision.refresh_problem.empty() ? decision.detail : decision.refresh_problem;
}

void show_refused(const std::vector<Refused>& refused, const KnownPeople& people, Output& output) {
    for (const auto& what : people.not_read)
        output.line("Note: not looked at: " + what, Tone::warning);
    const auto known = std::to_string(people.by_login.size());
    if (refused.empty()) {
        output.line("Of " + known + " logins known here nobody would be refused.", Tone::good);
        return;
    }
    output.line("Of " + known + " logins known here " + std::to_string(refused.size()) +
                    " would be refused:",
                Tone::warning);
    std::vector<Row> rows;
    for (const auto& one : refused)
        rows.push_back({one.login, one.uid ? std::to_string(*one.uid) : "-", joined(one.signs),
                        std::string(name_of(one.decision.reason)), one.message()});
    output.table({"LOGIN", "UID", "KNOWN BY", "REASON", "WOULD READ"}, rows);
}

Json::Value json_of(const std::vector<Refused>& refused) {
    Json::Value json = Json::arrayValue;
    for (const auto& one : refused) {
        Json::Value person;
        person["login"] = one.login;
        person["uid"] = json_or_null(one.uid);
        person["known_by"] = Json::arrayValue;
        for (const auto& sign : one.signs) person["known_by"].append(sign);
        person["verdict"] = std::string(name_of(one.decision.would.value_or(one.decision.verdict)));
        person["reason"] = std::string(name_of(one.decision.reason));
        person["message"] = one.message();
        json.append(person);
    }
    return json;
}

}  // namespace together::ctl
