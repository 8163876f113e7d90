// SPDX-License-Identifier: Apache-2.0
#include "processes/slurm_jobs.h"

#include <set>
#include <sstream>

#include "common/system/parse_number.h"
#include "common/system/uids.h"
#include "processes/installed_program.h"
#include "processes/run_program.h"

namespace together {

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
        const auto owner = parse_uid(uid);
        if (!owner) continue;
        job.uid = *owner;
        jobs.push_back(std::move(job));
    }
    return jobs;
}

Result<std::vector<SlurmJob>> jobs_in_queue() {
    const auto squeue = slurm_program("squeue");
    if (squeue.empty()) return std::vector<SlurmJob>();
    const auto output = output_of(squeue, {"--all", "--noheader", "--format=%i|%U|%T"}, 10s);
    if (!output) return tl::make_unexpected(output.error());
    return parse_jobs(*output);
}

Result<void> cancel_jobs(const std::vector<SlurmJob>& jobs) {
    constexpr std::size_t max_at_once = 1000;  // the arguments of a program have a limit
    std::set<std::string> ids;
    for (const auto& job : jobs) ids.emplace(leading_digits(job.id));
    const auto scancel = slurm_program("scancel");
    if (scancel.empty()) return failure("scancel is not installed");
    for (auto id = ids.begin(); id != ids.end();) {
        std::vector<std::string> arguments{"--quiet"};
        for (; id != ids.end() && arguments.size() <= max_at_once; ++id) arguments.push_back(*id);
        const auto output = output_of(scancel, arguments, 10s);
        if (!output) return tl::make_unexpected(output.error());
    }
    return {};
}

}  // namespace together
