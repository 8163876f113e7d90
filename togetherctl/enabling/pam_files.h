// SPDX-License-Identifier: Apache-2.0
// Service files of PAM as targets of the gate.
#pragma once

#include <array>

#include "common/config/config.h"
#include "togetherctl/enabling/gate_target.h"
#include "togetherctl/pam/pam_stack.h"

namespace together::ctl {

together::Result<Plan> plan_pam(const CommandLine& line, GateTarget target, bool enable);

inline const std::string pam_folder = "/etc/pam.d/";
// libpam reads a file here where there is none of its name in /etc/pam.d; never edited.
inline const std::string vendor_pam_folder = "/usr/lib/pam.d/";

// What `plan_pam` does for su, as a part of another plan, where those files are. Before enabling
// the module must be looked at (`su_module_problem`).
together::Result<void> add_su(const CommandLine& line, bool enable, Plan& plan);
// Why the module that su's line would load cannot be; empty where it can.
std::string su_module_problem();

// Those that start a user's work on their own, of their own time.
inline constexpr std::array<const char*, 4> cron_services = {"cron", "crond", "atd",
                                                             "systemd-user"};
// For its account lines this file has those of that service, and no others before them.
bool takes_over(const std::string& service_file, const std::string& service);
// Who passes unasked in front of that target.
GateCall call_before(GateTarget target, const together::Result<together::Config>& config);

// How a service file calls the gate, whoever wrote the line.
struct GateInService {
    std::optional<GateCall> call;  // nothing: not at all
    bool stands_right = false;     // as its first account lines, behind the way past it of `like`
    std::string where;             // "FILE:LINE", where it was written by hand
};
together::Result<GateInService> find_gate(const std::string& service_file,
                                          const GateCall& like = {});

// The services beside that one, as "FILE:LINE", that include it and jump into its lines: over the
// gate's, once those stand there. A substack is no such thing, for libpam it is one line.
std::vector<std::string> jumps_into(const std::string& service_file);

// The value behind "config=" or "require=".
std::optional<std::string> argument(const GateCall& call, const std::string& prefix);

}  // namespace together::ctl
