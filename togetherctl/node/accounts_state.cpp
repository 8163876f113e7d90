// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/accounts_state.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/accounts/accounts_database.h"
#include "common/accounts/node_names.h"

namespace together::ctl {
namespace {

using namespace together;

void derive_the_rest(const NodeConfig& config, const Snapshot& roster,
                     const std::optional<RosterGroup>& group, AccountsState& state) {
    std::vector<RosterEntry> entries;
    const bool whole = roster.for_each([&](const RosterEntry& entry) { entries.push_back(entry); });
    const auto texts = read_node_texts({});
    if (!whole || !texts) {
        state.unknown = whole ? texts.error().message : "the roster is damaged";
        return;
    }
    const auto node = names_in(*texts);
    SystemClock clock;
    auto now = derive_accounts({config, entries, group, node, state.accounts, clock.now()});
    state.accounts.without = std::move(now.without);
    // What together-refresh knows beside the files: the answers of other name services.
    std::unordered_set<std::string_view> have;
    for (const auto& account : state.accounts.accounts) have.insert(account.login);
    for (const auto& account : now.accounts)
        if (state.is_current && !have.contains(account.login))
            state.accounts.without.push_back({account.login, NoAccount::other_name_service});
    state.accounts.groups = std::move(now.groups);
}

}  // namespace

bool lost_whom_it_had() {
    const auto stored = AccountsDatabase::open(AccountsPaths().accounts, accounts_magic);
    return stored && stored->lost_whom_it_had();
}

AccountsState look_at_accounts(const NodeConfig& config, const Snapshot* roster) {
    const AccountsPaths paths;
    AccountsState state;
    state.path = paths.accounts;
    const auto stored = AccountsDatabase::open(paths.accounts, accounts_magic);
    auto people = stored && stored->verify_intact() ? stored->people() : std::nullopt;
    if (!people) {
        state.problem = stored ? paths.accounts + " is damaged" : stored.error().message;
        return state;
    }
    if (project_in(stored->header()) != config.project) {
        state.problem = paths.accounts + " is of the project " + project_in(stored->header());
        return state;
    }
    state.accounts = *std::move(people);
    const auto& changed = stored->status().st_mtim;
    state.changed = Nanoseconds(std::chrono::seconds(changed.tv_sec)).count() + changed.tv_nsec;
    state.without_when_written = stored->header().without;
    const auto group = group_in(stored->header());
    state.group = group_name(config, group);
    state.is_current = roster != nullptr && stored->header().roster == roster->header().content;
    if (roster != nullptr) derive_the_rest(config, *roster, group, state);
    return state;
}

std::string first_names(const std::vector<WithoutAccount>& without) {
    std::string text;
    for (std::size_t i = 0; i < std::min(max_named, without.size()); ++i)
        text += (text.empty() ? "" : "; ") + without[i].name + ": " +
                std::string(text_of(without[i].reason).what);
    return text + (without.size() > max_named ? "; …" : "");
}

}  // namespace together::ctl
