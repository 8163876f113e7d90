// SPDX-License-Identifier: Apache-2.0
// What enable and disable do to which file: planned first, shown, then done.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "common/roles/permissions.h"
#include "togetherctl/editing/edited_file.h"

namespace together::ctl {

enum class GateTarget { ssh, sudo, su, cron, slurm, homes, accounts, keys };
inline constexpr const char* gate_target_names =
    "ssh, sudo, su, cron, slurm, homes, accounts, keys";
// The others give a node what the roster has for it, and refuse nobody.
constexpr bool is_gate(GateTarget target) {
    return target < GateTarget::homes;
}

struct PlannedEdit {
    EditedFile file;
    std::string after;
    std::string without_us;          // what a backup has, of a file with older lines of ours, too
    std::vector<std::string> lines;  // ours, for those who make the file elsewhere
    bool account_lines = false;      // of a service of PAM, before its others

    bool changes() const { return after != file.text; }
};

struct Plan {
    GateTarget target = GateTarget::ssh;
    std::vector<PlannedEdit> edits;
    std::vector<std::string> notes;
    // What stands in the way: the gate would not work, or everybody would be refused.
    std::vector<std::string> problems;
    // How the caller would be locked out; --force does it all the same.
    std::vector<std::string> lockouts;
    // Why the file is another program's, which gets our lines to write; empty where it is not.
    std::string managed_by;
    // What the rest is worth doing without, and leaves a way past the gate.
    std::vector<std::string> still_open;
    // How the gate is called then.
    std::string config_path;
    bool require_admin = false;
    together::Action action = together::Action::ssh_login;
};

std::optional<GateTarget> gate_target_named(std::string_view name);

// Fails where a file cannot be read or understood, or an option does not fit the target.
together::Result<Plan> plan_enable(const CommandLine& line, GateTarget target);
together::Result<Plan> plan_disable(const CommandLine& line, GateTarget target);

}  // namespace together::ctl
