// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/slurm/slurm_jobs.h"

#include <sstream>

#include "common/system/uids.h"
#include "togetherctl/processes/installed_program.h"
#include "togetherctl/processes/run_program.h"

namespace together::ctl {

using namespace std::chrono_literals;

std::vector<SlurmJob> parse_jobs(const std::string& output) {
    std::vector<SlurmJob> jobs;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        SlurmJob job;
        std::string uid;
        std::getline(fields, job.id, '|');
        std::getline(fields, uid, '|');
        std::getline(fields, job.state, '|');
        const auto owner = together::parse_uid(uid);
        if (!owner) continue;
        job.uid = *owner;
        jobs.push_back(std::move(job));
    }
    return jobs;
}

together::Result<std::vector<SlurmJob>> jobs_in_queue() {
    const auto squeue = slurm_program("squeue");
    if (squeue.empty()) return std::vector<SlurmJob>();
    const auto output = output_of(squeue, {"--all", "--noheader", "--format=%i|%U|%T"}, 10s);
    if (!output) return tl::make_unexpected(output.error());
    return parse_jobs(*output);
}

}  // namespace together::ctl
