// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/gate_target.h"

#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/enabling/slurm_target.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

// "require" is PAM's, "module" too.
Result<void> check_options(const CommandLine& line, GateTarget target) {
    if (target == GateTarget::slurm)
        if (line.has("module")) return failure("--module is for the services of PAM");
    if (target != GateTarget::ssh && target != GateTarget::sudo && line.has("require"))
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

std::optional<GateTarget> gate_target_named(std::string_view name) {
    if (name == "ssh") return GateTarget::ssh;
    if (name == "sudo") return GateTarget::sudo;
    if (name == "su") return GateTarget::su;
    if (name == "cron") return GateTarget::cron;
    if (name == "slurm") return GateTarget::slurm;
    return std::nullopt;
}

Result<Plan> plan_enable(const CommandLine& line, GateTarget target) {
    if (auto good = check_options(line, target); !good) return tl::make_unexpected(good.error());
    return target == GateTarget::slurm ? plan_slurm(line, true) : plan_pam(line, target, true);
}

Result<Plan> plan_disable(const CommandLine& line, GateTarget target) {
    return target == GateTarget::slurm ? plan_slurm(line, false) : plan_pam(line, target, false);
}

}  // namespace together::ctl
