// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/watcher.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "processes/running_programs.h"

namespace together::ctl {
namespace {

using namespace together;

uid_t owner_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_uid : ::geteuid();
}

}  // namespace

// Of root or the directory's owner: anybody can call a program together-refresh.
bool watcher_runs(const Config& config) {
    const auto programs = running_programs("together-refresh");
    const auto owner = owner_of(config.directory);
    return std::any_of(programs.begin(), programs.end(), [&](const RunningProgram& program) {
        const auto& given = program.arguments;
        const auto has = [&](const std::string& word) {
            return std::find(given.begin(), given.end(), word) != given.end();
        };
        const bool ours = has("--config") ? has(config.path) : config.path == default_config_path;
        return (program.uid == 0 || program.uid == owner) && has("--watch") && ours;
    });
}

}  // namespace together::ctl
