// SPDX-License-Identifier: Apache-2.0
// The jobs in Slurm's queue.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

struct SlurmJob {
    std::string id;
    uid_t uid = 0;
    std::string state;
};

// None where squeue is not installed. Fails where it is and does not answer within ten seconds.
together::Result<std::vector<SlurmJob>> jobs_in_queue();

// Pure: the lines of squeue --format=%i|%U|%T; one that is none of them is left out. Nothing that a
// user may choose: a job's name with a newline would forge a line.
std::vector<SlurmJob> parse_jobs(const std::string& output);

}  // namespace together::ctl
