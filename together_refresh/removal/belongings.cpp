// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/belongings.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/system/parse_number.h"
#include "common/system/uids.h"

namespace together {
namespace {

bool is_real_roots(pid_t pid) {
    std::istringstream lines(proc_file(pid, "status"));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("Uid:")) continue;
        std::istringstream words(line.substr(4));
        uid_t real = no_uid;
        return words >> real && real == 0;
    }
    return false;
}

// "slurmstepd: [123.batch]": root's, though it takes on the user's effective uid for a moment. Of
// anybody else's no title is read (Titles).
bool is_slurmstepd(pid_t pid) {
    return is_real_roots(pid) && proc_file(pid, "cmdline").starts_with("slurmstepd: [");
}

// Without control groups Slurm knows them by their parents, too.
bool is_below_slurmstepd(pid_t pid) {
    constexpr int deepest = 256;
    for (int depth = 0; depth < deepest && pid > 1; ++depth) {
        const auto parent = parent_of(pid);
        if (!parent) return false;
        if (is_slurmstepd(*parent)) return true;
        pid = *parent;
    }
    return false;
}

// In a pid namespace of its own: a container, whose users are not this host's; or somebody hides
// there. Audit knows who logged in, whatever they did afterwards.
bool logged_in_as(const Process& process, uid_t owner) {
    return parse_uid(proc_file(process.pid, "loginuid")) == owner;
}

bool has_ended(const SlurmJob& job) {
    return job.state == "COMPLETING" || job.state == "COMPLETED" || job.state == "CANCELLED";
}

bool may_see_everything() {
    constexpr unsigned sys_ptrace = 19;
    std::istringstream lines(proc_file(::getpid(), "status"));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("CapEff:\t")) continue;
        const auto set = parse_number<std::uint64_t>(line.substr(8), 16);
        return set && (*set >> sys_ptrace & 1) != 0;
    }
    return false;
}

// "hidepid=invisible", or a number in older kernels.
bool hides_processes(const std::string& options) {
    constexpr std::string_view name = "hidepid=";
    std::istringstream list(options);
    for (std::string option; std::getline(list, option, ',');)
        if (option.starts_with(name))
            return !option.substr(name.size()).starts_with("0") && !option.ends_with("=off");
    return false;
}

}  // namespace

ProcessesByUid processes_by_uid() {
    ProcessesByUid found;
    for (auto& process : running_processes(Titles::left))
        if (process.uid != 0) found[process.uid].push_back(std::move(process));
    return found;
}

bool is_of(const Process& process, uid_t owner) {
    return !process.elsewhere || logged_in_as(process, owner);
}

bool is_a_jobs(const Process& process) {
    return is_a_jobs_cgroup(proc_file(process.pid, "cgroup")) || is_below_slurmstepd(process.pid);
}

bool is_a_jobs_cgroup(std::string_view cgroup) {
    std::istringstream lines{std::string(cgroup)};
    for (std::string line; std::getline(lines, line);) {
        const auto path = line.substr(std::min(line.find(":/"), line.size()));
        if (path.starts_with(":/user.slice/")) continue;
        const auto job = path.find("/job_");
        const auto step = path.find("/step_", job);
        if (job != path.npos && step != path.npos && path.substr(step, 12) != "/step_extern")
            return true;
    }
    return false;
}

bool is_slurmctlds_host() {
    const auto processes = running_processes(Titles::left);
    return std::any_of(processes.begin(), processes.end(), [](const Process& process) {
        const auto& program = process.hidden ? process.name : process.program;
        // Debian's is really called slurmctld-wlm.
        return program == "slurmctld" || program.starts_with("slurmctld-");
    });
}

Result<std::unordered_map<uid_t, std::vector<SlurmJob>>> jobs_by_uid() {
    auto jobs = jobs_in_queue();
    if (!jobs) return tl::make_unexpected(jobs.error());
    std::unordered_map<uid_t, std::vector<SlurmJob>> found;
    for (auto& job : *jobs)
        if (!has_ended(job)) found[job.uid].push_back(std::move(job));
    return found;
}

bool proc_hides_processes(std::istream& mountinfo) {
    bool hides = false;
    for (std::string line; std::getline(mountinfo, line);) {
        std::istringstream fields(line);
        std::string field, where, options;
        fields >> field >> field >> field >> field >> where;
        if (where != "/proc") continue;
        while (fields >> field) options = field;
        hides = hides_processes(options);
    }
    return hides;
}

std::string why_blind() {
    std::ifstream mounts("/proc/self/mountinfo");
    if (!proc_hides_processes(mounts) || may_see_everything()) return {};
    return "/proc hides people's processes from this program (hidepid, or ProtectProc= of its "
           "unit: see on_removal in together.conf(5))";
}

}  // namespace together
