// SPDX-License-Identifier: Apache-2.0
// Whom sudoers names though there is nobody of that name: whoever the authority gives the login has
// what stands there.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "common/accounts/node_names.h"
#include "common/roles/identifiers.h"
#include "processes/installed_program.h"
#include "processes/run_program.h"
#include "strict_json/strict_json.h"
#include "togetherctl/doctor/doctor_checks.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

constexpr const char* sudoers = "/etc/sudoers";
constexpr const char* check = "sudoers";

// sudo's own reader: aliases and what is included are in it.
Result<Json::Value> ask_sudo() {
    const auto program = first_program({"/usr/bin/cvtsudoers", "/usr/local/bin/cvtsudoers"});
    if (program.empty()) return failure("there is no cvtsudoers, which comes with sudo");
    const auto output = output_of(program, {"-e", "-f", "json", sudoers}, 10s);
    if (!output) return tl::make_unexpected(output.error());
    auto json = parse_strict_json(*output, {.values = 1'000'000, .depth = 16});
    if (!json) return failure("what cvtsudoers says of it is " + json.error());
    return *std::move(json);
}

struct Named {
    std::set<std::string> logins;
    std::set<uid_t> uids;
};

Named named_in(const Json::Value& rules) {
    Named named;
    for (const auto& rule : rules["User_Specs"])
        for (const auto& user : rule["User_List"]) {
            if (!user.isObject() || user.isMember("negated")) continue;
            if (user["username"].isString() && user["username"] != "ALL")
                named.logins.insert(folded(user["username"].asString()));
            if (user["userid"].isUInt()) named.uids.insert(user["userid"].asUInt());
        }
    return named;
}

bool is_somebodys(uid_t uid, const NodeNames& node, const Accounts& accounts) {
    return node.uids.contains(uid) ||
           std::any_of(accounts.accounts.begin(), accounts.accounts.end(),
                       [&](const auto& account) { return account.uid == uid; });
}

bool is_somebody(const std::string& login, const NodeNames& node, const Accounts& accounts) {
    return node.folded.contains(login) ||
           std::any_of(accounts.accounts.begin(), accounts.accounts.end(),
                       [&](const auto& account) { return folded(account.login) == login; });
}

bool can_be_the_rosters(const std::string& login, const NodeNames& node, const NodeConfig& config) {
    const auto& reserved = config.accounts.reserved_logins;
    return is_login(login) && !node.reserved.contains(login) && !is_service_account(login) &&
           std::none_of(reserved.begin(), reserved.end(),
                        [&](const auto& one) { return folded(one) == login; });
}

}  // namespace

void check_sudoers(const NodeConfig& config, const Accounts& accounts, Findings& findings) {
    if (::access(sudoers, F_OK) != 0) return;
    const auto rules = ask_sudo();
    const auto texts = read_node_texts({});
    if (!rules || !texts)
        return findings.tell(check, std::string(sudoers) + " could not be looked at: " +
                                        (rules ? texts.error() : rules.error()).message);
    const auto node = names_in(*texts);
    const auto named = named_in(*rules);
    std::string logins;
    std::string all;
    for (const auto& login : named.logins)
        if (!is_somebody(login, node, accounts) && can_be_the_rosters(login, node, config))
            logins += (logins.empty() ? "" : " ") + login;
    all = logins;
    for (const auto uid : named.uids)
        if (!is_somebodys(uid, node, accounts) && config.accounts.uid_range.contains(uid))
            all += (all.empty() ? "#" : " #") + std::to_string(uid);
    if (all.empty())
        return findings.ok(check, std::string(sudoers) + " names nobody who is yet to come");
    findings.warn(check, std::string(sudoers) + " has a rule for " + all + ", and nobody is",
                  "whoever the authority gives that login or uid has what the rule gives",
                  "take it out of sudoers" +
                      (logins.empty() ? "" : ", or: [accounts] reserved_logins = " + logins));
}

}  // namespace together::ctl
