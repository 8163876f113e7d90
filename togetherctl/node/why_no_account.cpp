// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/why_no_account.h"

#include <algorithm>

#include "common/node_config/node_config.h"
#include "togetherctl/node/accounts_state.h"
#include "togetherctl/node/roster_state.h"

namespace together::ctl {
namespace {

using namespace together;

std::optional<WhyNoAccount> reason_on_the_roster(const AccountsState& state,
                                                 const std::string& login) {
    const auto& without = state.accounts.without;
    const auto found = std::find_if(without.begin(), without.end(),
                                    [&](const auto& one) { return one.name == login; });
    if (found == without.end()) return std::nullopt;
    const auto& text = text_of(found->reason);
    return WhyNoAccount{std::string(text.name), std::string(text.what), std::string(text.remedy)};
}

// The name service found none, and the roster has nothing against it.
WhyNoAccount reason_on_this_node(const AccountsState& state, const std::string& login) {
    const std::string refresh = "togetherctl refresh --verbose";
    if (!state.unknown.empty())
        return {"unknown", "why cannot be told: " + state.unknown, "ask as root"};
    if (!state.problem.empty()) return {"accounts_unusable", state.problem, refresh};
    const auto& accounts = state.accounts.accounts;
    if (std::any_of(accounts.begin(), accounts.end(),
                    [&](const auto& one) { return one.login == login; }))
        return {"name_service",
                "the roster gives one, and this node's name service does not find it",
                "togetherctl enable accounts; togetherctl doctor"};
    return {"accounts_not_current", state.path + " is not of the roster that stands here", refresh};
}

}  // namespace

std::optional<WhyNoAccount> why_no_account(const std::string& config_path, const Decision& d) {
    if (d.login.empty()) return std::nullopt;
    const bool has_none = d.reason == Reason::no_such_account || d.reason == Reason::name_pending;
    const auto config = load_node_config(config_path);
    if (!config) return std::nullopt;
    if (!config->accounts.enabled) {
        if (!has_none) return std::nullopt;
        return WhyNoAccount{"accounts_off",
                            "no name service of this node has the login, and the roster gives this "
                            "node no accounts ([accounts] enabled is no)",
                            "make one as you make others, or [accounts] enabled = yes"};
    }
    SystemClock clock;
    const auto roster = look_at_roster(*config, clock.now());
    const auto state =
        look_at_accounts(*config, roster.roster ? &roster.roster->snapshot : nullptr);
    if (auto why = reason_on_the_roster(state, d.login)) return why;
    if (!has_none) return std::nullopt;
    return reason_on_this_node(state, d.login);
}

}  // namespace together::ctl
