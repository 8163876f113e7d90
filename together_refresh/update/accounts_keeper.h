// SPDX-License-Identifier: Apache-2.0
// Keeps accounts.v1 and authorized_keys.v1 what the roster, the configuration and the node's own
// files say, round after round.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/accounts/accounts_database.h"
#include "common/node_config/node_config.h"
#include "common/roster/snapshot.h"
#include "together_refresh/update/accounts_file.h"

namespace together {

// Not thread-safe.
class AccountsKeeper {
  public:
    explicit AccountsKeeper(Clock& clock, const std::string& directory = accounts_directory,
                            NodeFiles node = {});

    // False where the accounts stay as they are, whatever comes; where they are off, as long as
    // what was there has not been taken away.
    bool can_follow(const NodeConfig& config) const;

    // Whether the authority has to be asked for all of its roster, because what stands here is
    // missing or damaged, or was derived from something else: a "not modified" must not keep it.
    bool needs_all(const NodeConfig& config, const Snapshot& roster);

    // Who has no account, or which groups are missing, as derived now.
    struct Without {
        std::string text;  // for a person: how many, the first few and why
        Digest of_whom{};
        bool is_another_number = false;  // than those who had none before
    };
    // This node was, so that time goes on for those who were removed in an earlier boot.
    // A moment of this boot does not make one of an earlier boot forgotten.
    void was_up_at(const Moment& moment);

    struct Kept {
        bool changed = false;
        std::string message;  // for a person: how many, and how many not; empty where unchanged
        std::string problem;  // likewise: what was lost, or cannot be kept
        std::optional<Without> without;  // nothing where there was nothing to derive
    };
    // After a round, under the write lock. `fetched` is null where the authority's answer is not
    // the one that stands in the snapshot: then group and keys stay as they are. Fails where our
    // own disk does, or where there is nothing to derive from; the old files stand.
    Result<Kept> keep(const NodeConfig& config, const Snapshot& roster,
                      const RosterAccounts* fetched);
    // Where the configuration gives no accounts (any more): as if everybody had been removed, and
    // the project's groups with them. Under the write lock, where there is anything of the project:
    // what is another's, another configuration gives.
    bool has_any_of(const std::string& project) const;
    Result<Kept> take_away(const NodeConfig& config);

  private:
    struct Source;
    struct Derived;
    // Each by itself: nothing where it is missing or damaged.
    struct Stored {
        std::optional<AccountsDatabase> accounts;
        std::optional<AccountsDatabase> keys;
        std::string problem;
        // Of the snapshot before this round's, where accounts.v1 is damaged: who left in this
        // round.
        std::vector<RosterEntry> entries_before;
    };

    // What needs_all() has just read whole is not read again.
    Result<Stored> open_or_restore();
    Result<Source> read_source(const NodeConfig& config, const Digest& roster) const;
    bool is_current(const Stored& stored, const Source& source);
    bool counts_removals(const Stored& stored);
    Result<Kept> keep(const NodeConfig& config, const Snapshot& roster, const Source& source,
                      const Stored& stored, const RosterAccounts* fetched);
    Result<Derived> derive(const NodeConfig& config, std::vector<RosterEntry> entries,
                           const Source& source, const Stored& stored,
                           const RosterAccounts* fetched) const;
    Result<Kept> write(const NodeConfig& config, Derived derived, const Stored& stored,
                       const RosterAccounts* fetched);
    Result<Kept> with_spares(Result<Kept> kept, const Stored& stored);

    Clock& clock_;
    std::string directory_;
    NodeFiles node_;
    AccountsFile accounts_;
    AccountsFile keys_;
    Moment seen_;
    Stored opened_;  // by needs_all(), for keep() in the same round
};

}  // namespace together
