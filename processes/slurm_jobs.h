// SPDX-License-Identifier: Apache-2.0
// The jobs in Slurm's queue.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/system/result.h"

namespace together {

struct SlurmJob {
    std::string id;
    uid_t uid = 0;
    std::string state;
};

// None where squeue is not installed. Fails where it is and does not answer within ten seconds.
Result<std::vector<SlurmJob>> jobs_in_queue();

// By their ids as squeue wrote them; of an array or a heterogeneous job, all of it. Fails where
// scancel does not end in time.
Result<void> cancel_jobs(const std::vector<SlurmJob>& jobs);

// Pure: the lines of squeue --format=%i|%U|%T; one that is none of them is left out. Nothing that a
// user may choose: a job's name with a newline would forge a line.
std::vector<SlurmJob> parse_jobs(const std::string& output);

}  // namespace together
