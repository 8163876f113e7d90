// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/gate_target.h"

#include <array>

#include "togetherctl/enabling/accounts_target.h"
#include "togetherctl/enabling/homes.h"
#include "togetherctl/enabling/keys_target.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/enabling/slurm_target.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

// "require" is PAM's, "module" too.
Result<void> check_options(const CommandLine& line, GateTarget target) {
    if ((target == GateTarget::slurm || !is_gate(target)) && line.has("module"))
        return failure("--module is for the services of PAM");
    if (target != GateTarget::ssh && target != GateTarget::sudo && line.has("require"))
        return failure("--require is for ssh and sudo");
    if (target != GateTarget::keys && line.has("keep-files"))
        return failure("--keep-files is for keys");
    const auto role = line.value("require");
    if (role && *role != "admin") return failure("--require knows one role, admin");
    const auto module = line.value("module");
    if (module && (!module->starts_with('/') || module->find_first_of(" \t#[]\\") != module->npos))
        return failure("--module needs an absolute path without blanks");
    if (line.config_path().find_first_of(" \t#[]\\\"") != std::string::npos)
        return failure("--config: neither PAM nor Slurm takes a path with blanks");
    return {};
}

Result<Plan> plan(const CommandLine& line, GateTarget target, bool enable) {
    switch (target) {
        case GateTarget::slurm:
            return plan_slurm(line, enable);
        case GateTarget::homes:
            return plan_homes(line, enable);
        case GateTarget::accounts:
            return plan_accounts(line, enable);
        case GateTarget::keys:
            return plan_keys(line, enable);
        case GateTarget::ssh:
        case GateTarget::sudo:
        case GateTarget::su:
        case GateTarget::cron:
            break;
    }
    return plan_pam(line, target, enable);
}

}  // namespace

std::optional<GateTarget> gate_target_named(std::string_view name) {
    constexpr std::array<std::string_view, 8> names = {"ssh",   "sudo",  "su",       "cron",
                                                       "slurm", "homes", "accounts", "keys"};
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<GateTarget>(i);
    return std::nullopt;
}

Result<Plan> plan_enable(const CommandLine& line, GateTarget target) {
    if (auto good = check_options(line, target); !good) return tl::make_unexpected(good.error());
    return plan(line, target, true);
}

Result<Plan> plan_disable(const CommandLine& line, GateTarget target) {
    return plan(line, target, false);
}

}  // namespace together::ctl
