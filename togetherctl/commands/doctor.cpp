// SPDX-License-Identifier: Apache-2.0
// togetherctl doctor: what is wrong with the gate on this node, why it matters, what fixes it.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cli/command_line.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/slurm/slurm_daemons.h"

namespace together::ctl {
namespace {

using namespace together;

// A slurmd without own configuration has a copy of slurmctld's, and so do Slurm's commands here.
std::optional<std::string> slurm_conf_in_use(const CommandLine& line) {
    if (auto given = line.value("slurm-conf")) return given;
    const auto slurmd = running_programs("slurmd");
    const bool fetches = std::any_of(slurmd.begin(), slurmd.end(), [](const RunningProgram& one) {
        const auto& given = one.arguments;
        return one.uid == 0 && std::any_of(given.begin(), given.end(), [](const auto& word) {
                   return word.starts_with("--conf-server");
               });
    });
    const auto own = read_slurm_configuration({}).path;
    if (::access(fetched_slurm_conf, F_OK) == 0 && (fetches || ::access(own.c_str(), F_OK) != 0))
        return fetched_slurm_conf;
    return std::nullopt;
}

void examine_cluster(const CommandLine& line, const NodeConfig& config, Findings& findings) {
    const auto kubectl = Kubectl::find(line.value("kubectl").value_or(""));
    if (kubectl) return check_kubernetes(config, *kubectl, findings);
    findings.fail("kubernetes", kubectl.error().message, "nobody looks at the cluster",
                  "install kubectl, or name it: --kubectl PATH");
}

void examine(const CommandLine& line, Findings& findings) {
    const auto config = load_node_config(line.config_path());
    if (!config) {
        findings.fail("configuration", config.error().message, "nobody but root gets in",
                      "edit it; togetherctl config tests it");
        return;
    }
    findings.ok("configuration", config->path + " can be used");
    if (line.has("kubernetes")) return examine_cluster(line, *config, findings);
    const auto slurm_conf = slurm_conf_in_use(line);
    const auto slurm = read_slurm_configuration(slurm_conf);
    Patient patient{*config,
                    slurm_conf,
                    slurm,
                    slurm_daemons("slurmctld", "SlurmUser", slurm),
                    slurm_daemons("slurmd", "SlurmdUser", slurm),
                    {}};
    check_configuration(patient, findings);
    check_authority(patient, findings);
    check_roster(patient, findings);
    check_emergency(patient, findings);
    check_log(patient, findings);
    check_ssh(patient, findings);
    check_slurm(patient, findings);
    check_services(patient, findings);
    check_accounts(patient, findings);
}

// As monitoring plug-ins have it: 0 OK, 1 WARNING, 2 CRITICAL.
int exit_status_of(Severity worst) {
    return worst == Severity::failure ? 2 : worst == Severity::warning ? 1 : 0;
}

int run(const CommandLine& line, Output& output) {
    Findings findings;
    examine(line, findings);
    if (const auto known = line.value("accept")) findings.accept(*known);
    if (output.json())
        output.document(findings.json());
    else
        findings.show(output);
    return exit_status_of(findings.worst());
}

constexpr std::array<Option, 4> options = {{
    {"accept", "CHECKS", "known here, do not count (comma-separated: sshd,watcher)"},
    {"slurm-conf", "PATH", "another slurm.conf"},
    {"kubernetes", "", "the cluster of your kubectl in place of this node"},
    {"kubectl", "PATH", "another kubectl, which root alone can write"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "nothing is wrong"},
    {"1", "warnings only"},
    {"2", "something is broken or open, or wrong usage"},
}};

}  // namespace

constinit const Verb doctor_verb = {
    .name = "doctor",
    .operand = "",
    .summary = "what is wrong here, why it matters, what fixes it",
    .about =
        "A line for each finding: configuration and ownership, authority and token, clock,\n"
        "roster, watcher, log, sshd and its PAM stack, Slurm's plug-ins, slurmd's su, sudo, cron\n"
        "and its like; the roster's accounts, keys and homes. The summary comes first, the exit\n"
        "status is that of monitoring plug-ins. Changes nothing and starts no refresh; it asks\n"
        "the authority twice, and as root it lets a login that cannot exist, an account that the\n"
        "gate refuses, and root through sshd's account stack, of which the refusals are logged\n"
        "like any other. --kubernetes looks at the cluster that your kubectl shows: whether its\n"
        "API server asks together-authorizer, and what no authorizer sees.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl doctor --accept watcher",
    .run = run,
};

}  // namespace together::ctl
