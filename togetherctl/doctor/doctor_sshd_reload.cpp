// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/doctor/doctor_sshd_reload.h"

#include <glob.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/system/duration.h"

namespace together::ctl {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr int deepest = 16;  // sshd's own

std::int64_t now_of(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * second + now.tv_nsec;
}

std::optional<std::int64_t> changed(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec;
}

struct Change {
    std::string file;
    std::int64_t when = 0;
};

// The latest of that file and those that it includes. One from the future says nothing: it would
// be later than every reload.
void find_latest(const std::string& path, Change& latest, int depth) {
    const auto when = changed(path);
    if (!when || depth > deepest) return;
    if (*when > latest.when && *when <= now_of(CLOCK_REALTIME)) latest = {path, *when};
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::replace(line.begin(), line.end(), '=', ' ');
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || ::strcasecmp(word.c_str(), "include") != 0) continue;
        while (words >> word) {
            word.erase(std::remove(word.begin(), word.end(), '"'), word.end());
            if (!word.starts_with('/')) word.insert(0, "/etc/ssh/");
            glob_t found{};
            if (::glob(word.c_str(), 0, nullptr, &found) == 0)
                for (std::size_t i = 0; i < found.gl_pathc; ++i)
                    find_latest(found.gl_pathv[i], latest, depth + 1);
            ::globfree(&found);
        }
    }
}

std::string config_of(const SshdCall& call) {
    std::string path = "/etc/ssh/sshd_config";
    for (std::size_t i = 0; i < call.options.size(); ++i) {
        const auto& option = call.options[i];
        if (option == "-f" && i + 1 < call.options.size())
            path = call.options[i + 1];
        else if (option.size() > 2 && option.starts_with("-f"))
            path = option.substr(2);
    }
    return path;
}

// When it read its configuration, at the latest. At a reload sshd executes itself and writes its
// pid anew; its start does not change. Nothing where only the start is known.
std::optional<std::int64_t> read_by_pid_file(const std::string& pid_file, pid_t pid) {
    std::ifstream file(pid_file);
    pid_t written = 0;
    if (!(file >> written) || written != pid) return std::nullopt;
    return changed(pid_file);
}

std::int64_t start_of(const Process& process) {
    const auto ticks = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
    const auto since_boot = static_cast<std::int64_t>(process.started / ticks * second +
                                                      process.started % ticks * (second / ticks));
    return now_of(CLOCK_REALTIME) - now_of(CLOCK_BOOTTIME) + since_boot;
}

}  // namespace

void check_reload(const SshdCall& call, const SshdSettings& settings, const Process& sshd,
                  Findings& findings) {
    Change latest;
    find_latest(config_of(call), latest, 0);
    if (latest.file.empty() || latest.when < start_of(sshd))
        return findings.ok("sshd_reload", "sshd was started after its configuration was written");
    const auto process = "sshd (process " + std::to_string(sshd.pid) + ")";
    const auto change =
        latest.file + " was changed " +
        together::format_age(together::Nanoseconds(now_of(CLOCK_REALTIME) - latest.when)) + " ago";
    const auto read = read_by_pid_file(settings.pid_file, sshd.pid);
    if (!read)
        return findings.tell("sshd_reload", change + ", after the start of " + process +
                                                "; whether it was reloaded since cannot be told "
                                                "without a pid file of it");
    if (*read >= latest.when)
        return findings.ok("sshd_reload",
                           "sshd was reloaded since " + latest.file + " was changed");
    findings.warn("sshd_reload", change + ", and " + process + " was not reloaded since",
                  "it goes by what stood there before: UsePAM yes may not be in force",
                  "systemctl reload ssh, or kill -HUP " + std::to_string(sshd.pid));
}

}  // namespace together::ctl
