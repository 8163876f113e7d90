// SPDX-License-Identifier: Apache-2.0
// What root writes beside the configuration in an emergency: lockdown and admit.d/LOGIN, in the
// format that the gate reads (common/decision/emergency.h).
#pragma once

#include <string>
#include <vector>

#include "common/decision/emergency.h"
#include "togetherctl/editing/edited_file.h"

namespace together::ctl {

// The folder of the configuration; it need not hold one.
std::string emergency_folder(const std::string& config_path);

// What is written there is read by the gate whose line names that configuration alone. For each
// service of PAM, and Slurm's steps, whose line names one in another folder, what to say.
std::vector<std::string> services_not_reached(const std::string& config_path);

std::string admission_path(const std::string& folder, const std::string& login);
// Fails where the gate would not read back the same, from a reason with a newline, say.
together::Result<std::string> admission_text(const together::Admission& admission);

// Fails where it is no one line of printable text.
together::Result<void> check_reason(const std::string& reason);

// True where it was there. (A read-only folder says so of a file that is not there, too.)
together::Result<bool> remove_if_there(const std::string& path);

// What is done by hand where a folder is managed by something else (a ConfigMap).
std::string write_problem(const WriteFailure& failure, const std::string& path);

}  // namespace together::ctl
