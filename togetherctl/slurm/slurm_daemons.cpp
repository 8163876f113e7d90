// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/slurm/slurm_daemons.h"

#include <pwd.h>

#include <fstream>
#include <optional>

#include "common/system/uids.h"

namespace together::ctl {
namespace {

std::optional<uid_t> uid_named(const std::string& name) {
    const passwd* account = ::getpwnam(name.c_str());
    return account != nullptr ? account->pw_uid : together::parse_uid(name);
}

}  // namespace

std::vector<RunningProgram> slurm_daemons(const std::string& name, std::string_view user_setting,
                                          const SlurmConfiguration& slurm) {
    // Without a file here (configless) the packages' user.
    const auto user = uid_named(slurm.setting(user_setting).value_or("slurm"));
    auto found = running_programs(name);
    std::erase_if(found, [&](const RunningProgram& program) {
        return program.uid != 0 && program.uid != user;
    });
    return found;
}

std::string mapped(pid_t pid, const std::string& name) {
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        const auto path = line.find('/');
        if (path != line.npos && line.find("/" + name, path) != line.npos) return line.substr(path);
    }
    return {};
}

}  // namespace together::ctl
