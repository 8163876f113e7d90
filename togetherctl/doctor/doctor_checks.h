// SPDX-License-Identifier: Apache-2.0
// The checks of togetherctl doctor, each group in the file that is named after it. They read, ask
// with a limit, and change nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/accounts/derivation.h"
#include "common/node_config/node_config.h"
#include "processes/running_programs.h"
#include "togetherctl/doctor/findings.h"
#include "togetherctl/kubernetes/kubectl.h"
#include "togetherctl/slurm/slurm_configuration.h"

namespace together::ctl {

// What all of them are about.
struct Patient {
    together::NodeConfig config;
    std::optional<std::string> slurm_conf;  // --slurm-conf, or what slurmd fetched
    SlurmConfiguration slurm;
    std::vector<RunningProgram> slurmctld;      // here
    std::vector<RunningProgram> slurmd;         // here
    std::optional<std::int64_t> authority_has;  // its roster's revision, once it was asked
};

// Of a configured line that asks with another configuration than the one doctor looks at. True
// where that one is in force and has a roster: nothing else here tells.
bool check_other_configuration(const std::string& check, const std::string& where,
                               const together::Config& config, Findings& findings);

void check_configuration(const Patient& patient, Findings& findings);
void check_authority(Patient& patient, Findings& findings);
void check_roster(const Patient& patient, Findings& findings);
void check_emergency(const Patient& patient, Findings& findings);
void check_log(const Patient& patient, Findings& findings);
void check_ssh(const Patient& patient, Findings& findings);
void check_slurm(const Patient& patient, Findings& findings);
void check_step_filter(Findings& findings);
void check_accounts(const Patient& patient, Findings& findings);
// Part of check_accounts().
void check_sudoers(const together::NodeConfig& config, const together::Accounts& accounts,
                   Findings& findings);
// su where slurmd starts it, sudo where it was enabled, cron and its like wherever they are.
void check_services(const Patient& patient, Findings& findings);
// A cluster in place of this node: its API server is asked what it answers about somebody invented.
void check_kubernetes(const together::NodeConfig& config, const Kubectl& kubectl,
                      Findings& findings);

}  // namespace together::ctl
