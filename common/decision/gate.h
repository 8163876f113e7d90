// SPDX-License-Identifier: Apache-2.0
// The decision, in one place for every adapter and togetherctl.
#pragma once

#include <optional>
#include <string>

#include "common/config/config.h"
#include "common/decision/decision.h"
#include "common/on_demand/refresher.h"
#include "common/roster/roster.h"
#include "common/system/node_accounts.h"

namespace together {

// Whom the question is about: an account's login (PAM, togetherctl) or uid (Slurm), or a name that
// another system authenticated (Kubernetes, HTTP). A login of any form: what is none is on no
// roster, and is refused as absent.
struct Subject {
    std::string login;
    std::optional<uid_t> uid;
    // False: a login of the roster and no account of this node, whatever accounts it has. Who is
    // called root there is not root.
    bool has_account = true;

    static Subject of_login(std::string login) { return {std::move(login), std::nullopt}; }
    static Subject of_uid(uid_t uid) { return {{}, uid}; }
    static Subject of_name(std::string name) { return {std::move(name), std::nullopt, false}; }
};

struct Question {
    Subject subject;
    Action action = Action::ssh_login;
    bool require_admin = false;  // after an allow from the roster, deny any role but admin
};

// Answers questions from one configuration. Everything else (lockdown, admissions, roster) is read
// anew for each. Not thread-safe where its seams are not; keep one per thread, or per question.
class Gate {
  public:
    // The seams must outlive the gate.
    Gate(Result<Config> config, Clock& clock, NodeAccounts& accounts, Refresher& refresher);

    // Never throws but std::bad_alloc. May block up to config.deadline where the refresher does,
    // and as long as `accounts` where the roster carries uids and the subject is an account's
    // login, or where it has entries without one and the subject is a uid.
    Decision decide(const Question& question);

    const Result<Config>& config() const { return config_; }

  private:
    struct View;

    Reason decide_without_observing(const Question& question, Decision& decision);
    std::optional<Reason> decide_without_roster(const Question& question, Decision& decision);
    bool is_exempt(const Subject& subject);
    Reason decide_from_roster(const Question& question, Decision& decision);
    RefreshAttempt refresh(const Subject& subject, View& view, Decision& decision);
    bool is_the_nodes_fault(const RefreshAttempt& attempt, const Moment& validated,
                            Decision& decision) const;
    View look(const Subject& subject);
    tl::expected<RosterEntry, Absence> find_uid(const Snapshot& snapshot, uid_t uid, View& view);
    bool must_refresh(const View& view) const;
    Reason judge(const RosterEntry& entry, const Question& question, Decision& decision);
    std::optional<Reason> compare_with_node(const RosterEntry& entry, Decision& decision);

    Result<Config> config_;
    Clock& clock_;
    NodeAccounts& accounts_;
    Refresher& refresher_;
};

}  // namespace together
