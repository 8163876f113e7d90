// The jobs in Slurm's queue.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "result.h"

namespace togetherctl {

struct SlurmJob {
    std::string id;
    uid_t uid = 0;
    std::string state;
    std::string name;
};

// None where squeue is not installed. Fails where it is and does not answer within ten seconds.
together::Result<std::vector<SlurmJob>> jobs_in_queue();

// Pure: the lines of squeue --format=%i|%U|%T|%j; one that is none of them is left out.
std::vector<SlurmJob> parse_jobs(const std::string& output);

}  // namespace togetherctl
