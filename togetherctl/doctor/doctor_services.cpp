// SPDX-License-Identifier: Apache-2.0
// Services of PAM beside sshd that start what a user wrote: slurmd's su, cron, at, systemd --user;
// and sudo.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/pam/module_check.h"
#include "togetherctl/slurm/plugstack.h"
#include "togetherctl/slurm/slurmd_su.h"

namespace together::ctl {
namespace {

using namespace together;

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// Why the gate does not decide there; empty where it does.
std::string why_unasked(const std::string& file, const GateCall& like) {
    const auto gate = find_gate(file, like);
    if (!gate) return gate.error().message;
    if (!gate->call) return file + " does not ask the gate";
    if (!gate->stands_right)
        return file +
               ": the gate's lines are not as togetherctl writes them (another min_uid?), or "
               "another "
               "account line comes before them";
    const auto module = check_pam_module(pam_module_path(gate->call->module));
    return module ? std::string() : file + ": " + module.error().message;
}

// ---- su -----------------------------------------------------------------------------------------

// Slurm asks for either: --get-user-env has a mode.
std::string why_su_unasked(const GateCall& like) {
    const auto su = pam_folder + "su";
    const auto login_shell = su + "-l";
    for (const auto& file : {su, login_shell})
        if (!is_there(file)) return "there is no " + file + ": libpam takes another file's lines";
    if (auto why = why_unasked(su, like); !why.empty()) return why;
    return takes_over(login_shell, "su") ? std::string() : why_unasked(login_shell, like);
}

bool has_the_lock(const SlurmConfiguration& slurm) {
    const auto lines = read_plugstack(slurm.plugstack).value_or(Plugstack()).lines;
    return std::any_of(lines.begin(), lines.end(), [](const SpankLine& one) {
        return one.line.kind == PlugstackLine::Kind::required;
    });
}

// Where a slurm.conf is shared by all hosts, those without slurmd start nothing.
bool starts_steps(const Patient& patient) {
    return !patient.slurmd.empty() || (!slurmd_program().empty() && has_the_lock(patient.slurm));
}

// Slurm's own choice of what a su that fails means.
void check_what_a_failed_su_does(const Patient& patient, Findings& findings) {
    const auto parameters = patient.slurm.setting("SchedulerParameters").value_or("");
    if (!has_parameter(parameters, "requeue_setup_env_fail")) return;
    findings.warn(
        "su_failure", "SchedulerParameters has requeue_setup_env_fail",
        "a job of a refused user with --get-user-env or --export=NONE drains its node, as "
        "does whatever else ends a ~/.profile",
        "take requeue_setup_env_fail out of slurm.conf, then scontrol reconfigure");
}

void check_su(const Patient& patient, Findings& findings) {
    if (!starts_steps(patient)) return;
    check_what_a_failed_su_does(patient, findings);
    if (never_starts_su(patient.slurm))
        return findings.ok("su", "slurmd never starts su for a job (GetEnvTimeout=0)");
    const auto why = why_su_unasked(call_before(GateTarget::su, patient.config));
    if (why.empty())
        return findings.ok("su", "su and su-l ask the gate, which slurmd starts before a job");
    const bool has_module = is_there(pam_module_path("pam_together.so"));
    findings.fail("su", why,
                  "slurmd runs ~/.profile of whoever has a job queued with --get-user-env or "
                  "--export=NONE, refused or not",
                  std::string(has_module ? "" : "install libpam-together, then ") +
                      "togetherctl enable slurm; or GetEnvTimeout=0 in slurm.conf, then scontrol "
                      "reconfigure");
}

// ---- sudo ---------------------------------------------------------------------------------------

// Whoever leaves it to sudoers alone means it so: where neither file asks, it is told.
void check_sudo(const Patient& patient, Findings& findings) {
    const auto like = call_before(GateTarget::sudo, patient.config);
    std::vector<std::string> files = {pam_folder + "sudo"};
    if (!is_there(files.front())) return findings.tell("sudo", "not on this host");
    if (const auto login = pam_folder + "sudo-i"; is_there(login) && !takes_over(login, "sudo"))
        files.push_back(login);
    const bool enabled = std::any_of(files.begin(), files.end(), [&](const std::string& file) {
        const auto gate = find_gate(file, like);
        return !gate || gate->call;
    });
    if (!enabled)
        return findings.tell("sudo",
                             "sudo does not ask the gate, sudoers alone decides "
                             "(togetherctl enable sudo puts it there)");
    std::string unasked;
    for (const auto& file : files)
        if (const auto why = why_unasked(file, like); !why.empty())
            unasked += (unasked.empty() ? "" : "; ") + why;
    if (unasked.empty()) return findings.ok("sudo", "sudo and sudo -i ask the gate first");
    findings.fail("sudo", unasked,
                  "who is refused on this node may still become root with sudo, or nobody can",
                  "togetherctl enable sudo");
}

// ---- cron ---------------------------------------------------------------------------------------

struct CronServices {
    bool any = false;
    std::string unasked;        // why, of each
    std::string vendors_files;  // that libpam reads, because /etc/pam.d has none
};

CronServices look_at_cron(const GateCall& like) {
    CronServices seen;
    for (const std::string service : cron_services) {
        const bool own = is_there(pam_folder + service);
        const auto file = (own ? pam_folder : vendor_pam_folder) + service;
        if (!is_there(file)) continue;
        seen.any = true;
        const auto why = why_unasked(file, like);
        if (why.empty()) continue;
        seen.unasked += (seen.unasked.empty() ? "" : "; ") + why;
        if (!own) seen.vendors_files += " " + file;
    }
    return seen;
}

void check_cron(const Patient& patient, Findings& findings) {
    const auto seen = look_at_cron(call_before(GateTarget::cron, patient.config));
    if (!seen.any) return findings.tell("cron", "not on this host");
    if (seen.unasked.empty()) return findings.ok("cron", "cron and its like ask the gate");
    const auto copy =
        seen.vendors_files.empty() ? "" : "cp" + seen.vendors_files + " " + pam_folder + " && ";
    findings.warn("cron", seen.unasked,
                  "what a removed user left there (cron, at, systemd --user) still starts",
                  copy + "togetherctl enable cron");
}

// ---- services that include one with the gate ---------------------------------------------------

void check_jumps(Findings& findings) {
    bool any = false;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(pam_folder, error)) {
        const auto file = entry.path().string();
        if (file.ends_with(backup_suffix)) continue;
        const auto gate = find_gate(file);
        if (!gate || !gate->call) continue;
        for (const auto& jump : jumps_into(file)) {
            any = true;
            findings.warn(
                "pam_jump",
                jump + " jumps over the gate's lines in " + file + ", which is included there",
                "whom the jump is for passes that service unasked, and what it was to "
                "skip is asked",
                "write \"account substack " + entry.path().filename().string() +
                    "\" instead of the include, or take the jump out");
        }
    }
    if (!any) findings.ok("pam_jump", "no service jumps into another's lines over the gate");
}

}  // namespace

void check_services(const Patient& patient, Findings& findings) {
    check_su(patient, findings);
    check_sudo(patient, findings);
    check_cron(patient, findings);
    check_jumps(findings);
}

}  // namespace together::ctl
