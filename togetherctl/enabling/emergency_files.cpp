// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/emergency_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/config/config.h"
#include "common/config/ini_file.h"
#include "common/roles/identifiers.h"
#include "common/system/errno_text.h"
#include "common/system/trusted_file.h"
#include "common/system/utc.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/pam/pam_stack.h"
#include "togetherctl/slurm/plugstack.h"
#include "togetherctl/slurm/slurm_configuration.h"
#include "togetherctl/slurm/slurm_daemons.h"

namespace together::ctl {

using namespace together;

namespace {

// Of the gate's line in a service file, whoever wrote it; nothing where there is none.
std::optional<std::string> config_in(const std::string& service_file) {
    constexpr std::string_view config = "config=";
    constexpr std::size_t largest = std::size_t{1024} * 1024;
    const auto text = read_trusted(service_file, largest);
    if (!text) return std::nullopt;
    auto call = call_in_block(*text).value_or(std::nullopt);
    if (!call)
        if (auto by_hand = line_by_hand(*text, [](const std::string&) { return false; }))
            call = std::move(by_hand->call);
    if (!call) return std::nullopt;
    for (const auto& argument : call->arguments)
        if (argument.starts_with(config)) return argument.substr(config.size());
    return default_config_path;
}

std::string complaint(const std::string& whom, const std::string& where, const std::string& other) {
    return "DOES NOT REACH " + whom + ": " + where + " has config=" + other +
           "; do it there, too: --config " + other;
}

bool is_another(const std::string& config_path, const std::string& other) {
    return emergency_folder(other) != emergency_folder(config_path);
}

// What Slurm's steps ask with. A plugstack.conf that cannot be read has none of our lines in force.
void add_steps(const std::string& path, const std::string& config_path,
               std::vector<std::string>& complaints) {
    for (const auto& found : read_plugstack(path).value_or(Plugstack()).lines) {
        if (found.line.kind != PlugstackLine::Kind::required) continue;
        auto other = judge_spank_line(found.line).config_path;
        if (other.empty()) other = default_config_path;
        if (is_another(config_path, other))
            complaints.push_back(complaint("Slurm's steps", found.where(), other));
    }
}

// Its plug-in has no arguments, and so no other configuration. By what it has loaded: slurm.conf
// may be shared by all hosts.
void add_slurmctld(const SlurmConfiguration& slurm, const std::string& config_path,
                   std::vector<std::string>& complaints) {
    const std::string always = default_config_path;
    if (!is_another(config_path, always)) return;
    const auto running = slurm_daemons("slurmctld", "SlurmUser", slurm);
    if (std::any_of(running.begin(), running.end(), [](const RunningProgram& one) {
            return !mapped(one.pid, job_submit_plugin).empty();
        }))
        complaints.push_back("DOES NOT REACH slurmctld: job_submit_together always reads " +
                             emergency_folder(always) + "; do it there, too: --config " + always);
}

}  // namespace

std::vector<std::string> services_not_reached(const std::string& config_path) {
    std::vector<std::string> complaints;
    std::vector<std::string> services = {"sshd", "sudo", "sudo-i", "su", "su-l"};
    services.insert(services.end(), cron_services.begin(), cron_services.end());
    for (const auto& service : services) {
        const auto path = pam_folder + service;
        const auto other = config_in(path);
        if (other && is_another(config_path, *other))
            complaints.push_back(complaint(service, path, *other));
    }
    const auto slurm = read_slurm_configuration(std::nullopt);
    add_slurmctld(slurm, config_path, complaints);
    add_steps(slurm.plugstack, config_path, complaints);
    add_steps(beside(fetched_slurm_conf, "plugstack.conf"), config_path, complaints);
    return complaints;
}

std::string emergency_folder(const std::string& config_path) {
    Config config;
    config.path = config_path;
    return config.folder();
}

std::string admission_path(const std::string& folder, const std::string& login) {
    return folder + "/admit.d/" + login;
}

Result<void> check_reason(const std::string& reason) {
    constexpr std::size_t longest = 160;
    if (reason.find_first_not_of(' ') == std::string::npos) return failure("the reason is empty");
    if (!is_printable(reason)) return failure("the reason must be one line of text");
    if (reason.size() > longest)
        return failure("the reason is longer than " + std::to_string(longest) + " bytes");
    return {};
}

Result<std::string> admission_text(const Admission& admission) {
    std::string text = "login = " + admission.login + "\n";
    if (admission.uid) text += "uid = " + std::to_string(*admission.uid) + "\n";
    text += "until = " + format_utc(admission.until) + "\nreason = " + admission.reason + "\n";
    std::string read_back;
    const auto read = read_ini(text, "reason", [&](const IniEntry& entry) {
        if (entry.key == "reason") read_back = entry.value;
        return std::optional<std::string>();
    });
    // " ;" begins a comment there, and blanks at the ends are cut.
    if (!read || read_back != admission.reason)
        return failure(
            "the reason cannot be written into an INI file as it is: no \" ;\", no "
            "blanks at its ends");
    return text;
}

Result<bool> remove_if_there(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return true;
    const int error = errno;
    struct stat status;
    if (::lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) return false;
    return failure(errno_text("cannot remove " + path, error));
}

std::string write_problem(const WriteFailure& failure, const std::string& path) {
    if (failure.kind == WriteError::failed) return failure.message;
    return failure.message +
           ". This folder is managed by something else (a ConfigMap, an image): put the file " +
           path + " there";
}

}  // namespace together::ctl
