// Service files of PAM as hosts of the gate.
#pragma once

#include "gate_host.h"
#include "pam_stack.h"

namespace togetherctl {

together::Result<Plan> plan_pam(const CommandLine& line, Host host, bool enable);

// How a service file calls the gate, whoever wrote the line.
struct GateInService {
    std::optional<GateCall> call;  // nothing: not at all
    bool stands_right = false;     // as its first account lines, behind root's way in
    std::string where;             // "FILE:LINE", where it was written by hand
};
together::Result<GateInService> find_gate(const std::string& service_file);

// The value behind "config=" or "require=".
std::optional<std::string> argument(const GateCall& call, const std::string& prefix);

}  // namespace togetherctl
