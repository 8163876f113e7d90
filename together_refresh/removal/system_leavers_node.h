// SPDX-License-Identifier: Apache-2.0
// The node itself: its gate, its processes, its Slurm.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/decision/gate.h"
#include "common/on_demand/once_refresher.h"
#include "common/system/node_accounts.h"
#include "together_refresh/process/patient_accounts.h"
#include "together_refresh/removal/belongings.h"
#include "together_refresh/removal/removals.h"
#include "together_refresh/removal/subordinate_uids.h"

namespace together {

// Blocks as long as a refresh on demand or Slurm's commands may, and for ten seconds of a turn
// where the name service does not answer: for a process that does nothing else.
class SystemLeaversNode : public LeaversNode {
  public:
    SystemLeaversNode(Clock& clock, Removals::Log log);

    std::string blind() override;
    void look(const Config& config) override;
    bool has_anything(const Leaver& leaver) override;
    Answer ask(const Leaver& leaver) override;
    void tell(const Leaver& leaver, const std::string& message) override;
    std::vector<std::string> end(const std::vector<Leaver>& leavers) override;

  private:
    // For one turn: many are asked about with one refresh.
    struct Turn {
        Turn(const Config& config, Clock& clock, NodeAccounts& accounts);
        Config config;
        OnceRefresher refresher;
        Gate gate;
    };

    Answer ask_about_uid(uid_t uid, const std::string& login);
    Result<std::optional<uid_t>> uid_of(const Leaver& leaver);
    std::optional<uid_t> known_uid(const Leaver& leaver);
    std::optional<bool> is_nobodys_account(uid_t uid);
    std::vector<Process> processes_of(uid_t uid, const std::string& login);
    void end_processes(const std::map<uid_t, std::string>& people);
    void end_all_at_once(uid_t uid, const std::string& login);
    void end_jobs(const std::map<uid_t, std::string>& people);
    void look_at_jobs(Nanoseconds new_enough);

    Clock& clock_;
    Removals::Log log_;
    SystemAccounts name_service_;
    PatientAccounts accounts_;
    std::optional<Turn> turn_;
    ProcessesByUid processes_;
    std::vector<SubordinateUids> subordinate_;
    std::map<uid_t, bool> nobodys_;  // of this turn
    bool is_unsure_ = false;         // of whom processes_of() was asked last: there may be more
    std::unordered_map<uid_t, std::vector<SlurmJob>> jobs_;
    std::string jobs_problem_;
    std::optional<Moment> jobs_looked_;
    std::map<std::string, std::optional<uid_t>> uids_;  // of this turn
};

}  // namespace together
