// SPDX-License-Identifier: Apache-2.0
// What somebody has on this node: processes, whatever started them, and Slurm's jobs.
#pragma once

#include <sys/types.h>

#include <istream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/system/result.h"
#include "processes/node_process.h"
#include "processes/slurm_jobs.h"

namespace together {

// By owner, root's aside.
using ProcessesByUid = std::unordered_map<uid_t, std::vector<Process>>;
ProcessesByUid processes_by_uid();

// Not in a container of this host, or audit knows that its owner logged in.
bool is_of(const Process& process, uid_t owner);
// Slurm's, and ended through Slurm.
bool is_a_jobs(const Process& process);
// Pure: /proc/PID/cgroup says that it is a job's. One that pam_slurm_adopt put beside a job (into
// its extern step) is a session's; and below user.slice everybody makes folders with any name.
bool is_a_jobs_cgroup(std::string_view cgroup);

// Where slurmctld runs.
bool is_slurmctlds_host();
// By owner, those that have not ended.
Result<std::unordered_map<uid_t, std::vector<SlurmJob>>> jobs_by_uid();

// Pure: the lines of /proc/self/mountinfo say so of the mount at /proc. Users have lines of their
// own there, by FUSE, with a folder and a source as they like.
bool proc_hides_processes(std::istream& mountinfo);
// Why people's processes cannot be seen; empty where they can.
std::string why_blind();

}  // namespace together
