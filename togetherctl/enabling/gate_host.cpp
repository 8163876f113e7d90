// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/gate_host.h"

#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/enabling/slurm_hosts.h"

namespace togetherctl {
namespace {

using together::failure;
using together::Result;

// "require" is PAM's, "module" too.
Result<void> check_options(const CommandLine& line, Host host) {
    if (host == Host::slurm)
        if (line.has("module")) return failure("--module is for the services of PAM");
    if (host != Host::ssh && host != Host::sudo && line.has("require"))
        return failure("--require is for ssh and sudo");
    const auto role = line.value("require");
    if (role && *role != "admin") return failure("--require knows one role, admin");
    const auto module = line.value("module");
    if (module && (!module->starts_with('/') || module->find_first_of(" \t#[]\\") != module->npos))
        return failure("--module needs an absolute path without blanks");
    if (line.config_path().find_first_of(" \t#[]\\\"") != std::string::npos)
        return failure("--config: neither PAM nor Slurm takes a path with blanks");
    return {};
}

}  // namespace

std::optional<Host> host_named(std::string_view name) {
    if (name == "ssh") return Host::ssh;
    if (name == "sudo") return Host::sudo;
    if (name == "su") return Host::su;
    if (name == "cron") return Host::cron;
    if (name == "slurm") return Host::slurm;
    return std::nullopt;
}

Result<Plan> plan_enable(const CommandLine& line, Host host) {
    if (auto good = check_options(line, host); !good) return tl::make_unexpected(good.error());
    return host == Host::slurm ? plan_slurm(line, true) : plan_pam(line, host, true);
}

Result<Plan> plan_disable(const CommandLine& line, Host host) {
    return host == Host::slurm ? plan_slurm(line, false) : plan_pam(line, host, false);
}

}  // namespace togetherctl
