// SPDX-License-Identifier: Apache-2.0
// The gate in the Slurm that runs: what slurmctld loaded, and what each step will load.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/system/trusted_file.h"
#include "processes/installed_program.h"
#include "processes/run_program.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/pam/module_check.h"
#include "togetherctl/slurm/plugstack.h"
#include "togetherctl/slurm/slurm_daemons.h"
#include "togetherctl/slurm/slurm_files.h"
#include "togetherctl/slurm/slurmd_su.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

constexpr const char* job_submit = job_submit_plugin;
constexpr const char* slurmctld = "/usr/sbin/slurmctld";
constexpr const char* spank = "spank_together.so";
constexpr const char* enable = "togetherctl enable slurm";
constexpr const char* restart = "systemctl restart slurmctld";

// "slurm-wlm 22.05.8" of `PROGRAM -V`; empty where there is none.
std::string version_of(const std::string& program) {
    const auto output = program.empty() ? failure("") : output_of(program, {"-V"}, 10s);
    if (!output) return {};
    const auto line = output->substr(0, output->find('\n'));
    return line.substr(line.rfind(' ') + 1);
}

std::string major_and_minor(const std::string& version) {
    return version.substr(0, version.rfind('.'));
}

class SlurmCheck {
  public:
    SlurmCheck(const Patient& patient, Findings& findings)
        : patient_(patient), findings_(findings), slurm_(patient.slurm) {}

    void run() {
        ask_slurmctld();
        check_triggers();
        check_job_submit();
        check_plugstack();
        if (has_slurmd()) check_step_filter(findings_);
    }

  private:
    bool has_slurmctld() const { return !patient_.slurmctld.empty(); }
    bool has_slurmd() const { return !patient_.slurmd.empty(); }

    // What it has in force, whatever the files say by now.
    void ask_slurmctld() {
        const auto scontrol = slurm_program("scontrol");
        if (scontrol.empty())
            return findings_.warn("slurm", "there is no scontrol here",
                                  "what slurmctld has in force cannot be told",
                                  "install Slurm's commands");
        const auto variable =
            patient_.slurm_conf ? "SLURM_CONF=" + *patient_.slurm_conf : std::string();
        const auto output = output_of(scontrol, {"show", "config"}, 15s, variable);
        if (!output) {
            const auto what = "slurmctld does not answer: " + output.error().message;
            const std::string why = "what it has in force cannot be told";
            if (has_slurmctld())
                findings_.fail("slurm", what, why, "scontrol ping");
            else
                findings_.warn("slurm", what, why, "scontrol ping");
            return;
        }
        running_ = *output;
        findings_.ok("slurm", "slurmctld answers, Slurm " + in_force("SLURM_VERSION"));
        if (const auto path = in_force("PlugStackConfig"); path.starts_with('/'))
            slurm_.plugstack = path;
        if (const auto folders = in_force("PluginDir"); !folders.empty())
            slurm_.plugin_dir = folders;
    }

    std::string in_force(const std::string& key) const {
        return slurm_setting(running_, key).value_or("");
    }

    // No plug-in is asked about a trigger, and its program runs beside slurmctld.
    void check_triggers() {
        if (running_.empty()) return;
        const bool has_root = in_force("SlurmUser").starts_with("root(");
        if (!has_root || !has_parameter(in_force("SlurmctldParameters"), "allow_user_triggers"))
            return findings_.ok("triggers", "slurmctld takes no triggers from users");
        const std::string what = "slurmctld takes triggers from users (allow_user_triggers)";
        const std::string why =
            "whoever has an account, refused or not, runs a program on slurmctld's host with "
            "strigger";
        findings_.fail("triggers", what, why,
                       "take allow_user_triggers out of SlurmctldParameters, then " +
                           std::string(restart) + " (on slurmctld's host)");
    }

    // ---- the submit check --------------------------------------------------------------------

    void check_job_submit() {
        if (running_.empty()) return check_before_start();
        const auto list = in_force("JobSubmitPlugins");
        if (!lists_the_gate(list)) {
            const auto what = "slurmctld has JobSubmitPlugins=" + list + ", without together";
            const std::string why = "it queues everybody's jobs unasked";
            const auto fix = std::string(enable) + " && " + restart;
            if (has_slurmctld())
                findings_.fail("job_submit", what, why, fix + " (here)");
            else
                findings_.warn("job_submit", what, why, fix + " (on slurmctld's host)");
            return;
        }
        findings_.ok("job_submit", "slurmctld has JobSubmitPlugins=" + list);
        if (!has_slurmctld()) return;
        check_loaded();
        check_plugin("job_submit", job_submit, version_of(slurmctld), false);
    }

    // slurmctld is away: would it start here? (Slurm >= 23.11 even ends at a reconfiguration that
    // names a plug-in it cannot load.)
    void check_before_start() {
        if (::access(slurmctld, X_OK) != 0 ||
            !lists_the_gate(slurm_.setting("JobSubmitPlugins").value_or("")))
            return;
        check_plugin("job_submit", job_submit, version_of(slurmctld), false);
    }

    // The list alone says nothing: after a reconfiguration it is the new one, and the plug-ins are
    // the old ones.
    void check_loaded() {
        const auto& all = patient_.slurmctld;
        for (const auto& program : all) {
            // Its child for scripts (slurmscriptd) is the same program, without plug-ins.
            const bool is_child = std::any_of(all.begin(), all.end(), [&](const auto& other) {
                return other.pid == program.parent;
            });
            if (!is_child) check_loaded_by(program.pid);
        }
    }

    void check_loaded_by(pid_t pid) {
        if (::access(("/proc/" + std::to_string(pid) + "/maps").c_str(), R_OK) != 0 ||
            mapped(pid, "slurm").empty())
            return findings_.tell("job_submit_loaded", "only root can tell");
        const auto there = mapped(pid, job_submit);
        if (there.empty())
            findings_.fail("job_submit_loaded",
                           "slurmctld has not loaded " + std::string(job_submit),
                           "it asks nobody, or refuses everybody", restart);
        else if (there.ends_with("(deleted)"))
            findings_.warn(
                "job_submit_loaded",
                "slurmctld still has the copy of " + std::string(job_submit) + " that was replaced",
                "what the new one fixes is not in force", restart);
        else
            findings_.ok("job_submit_loaded", "slurmctld has loaded " + there);
    }

    // ---- the step check ----------------------------------------------------------------------

    void check_plugstack() {
        const auto plugstack = read_plugstack(slurm_.plugstack);
        if (!plugstack) return open_door(plugstack.error().message);
        // Slurm reads on until its stack is full.
        if (!plugstack->loop.empty())
            return no_step_starts(plugstack->loop + " includes itself, maybe by way of others");
        bool in_force = false;
        for (const auto& found : plugstack->lines) {
            if (found.line.kind != PlugstackLine::Kind::required) continue;
            in_force = true;
            check_spank_line(found.where(), found.line);
        }
        if (!in_force) not_in_force(plugstack->lines);
    }

    // Each of several: one that Slurm cannot load, or that refuses everybody, is enough.
    void check_spank_line(const std::string& where, const PlugstackLine& line) {
        const auto judged = judge_spank_line(line);
        if (!judged.wrong.empty()) return no_step_starts(where + ": " + judged.wrong);
        check_spank_config(where, judged);
        const auto slurm = version_of(has_slurmd() ? slurmd_program() : slurm_program("srun"));
        if (line.path.starts_with('/'))
            check_plugin_file("spank", line.path, slurm, true);
        else
            check_plugin("spank", spank, slurm, true);
    }

    // What the line names decides there, whatever doctor was asked to look at.
    void check_spank_config(const std::string& where, const SpankByHand& line) {
        const auto path =
            line.config_path.empty() ? std::string(default_config_path) : line.config_path;
        const auto config =
            path == patient_.config.path ? Result<Config>(patient_.config) : load_config(path);
        if (!config) return no_step_starts(where + ": " + config.error().message);
        if (path == patient_.config.path ||
            check_other_configuration("plugstack", where, *config, findings_))
            findings_.ok("plugstack", where + " requires " + line.path);
    }

    // Only where steps start does anybody notice.
    void no_step_starts(const std::string& what) {
        const std::string why =
            "no step starts on the nodes with this line, or the gate is not asked";
        const std::string fix = "correct the line or what it names, see spank_together(8)";
        if (has_slurmd())
            findings_.fail("plugstack", what, why, fix);
        else
            findings_.warn("plugstack", what, why, fix);
    }

    void not_in_force(const std::vector<SpankLine>& lines) {
        if (lines.empty()) return open_door(slurm_.plugstack + " has no line of " + spank);
        const auto where = lines.front().where();
        if (lines.front().line.kind == PlugstackLine::Kind::ignored)
            open_door(where + ": Slurm ignores this line; it must begin with \"required\"");
        else
            open_door(where + ": the plug-in is optional, and cannot refuse anybody");
    }

    // Only where steps start it is a hole.
    void open_door(const std::string& what) {
        const std::string why = "steps start unasked on the nodes with this file";
        const std::string fix =
            patient_.slurm.path == fetched_slurm_conf
                ? std::string(enable) + " on slurmctld's host, then scontrol reconfigure"
                : enable;
        if (has_slurmd())
            findings_.fail("plugstack", what, why, fix);
        else
            findings_.warn("plugstack", what, why, fix);
    }

    // ---- their files -------------------------------------------------------------------------

    void check_plugin(const std::string& kind, const std::string& name, const std::string& here,
                      bool minor_is_enough) {
        const auto path = find_slurm_plugin(slurm_.plugin_dir, name);
        if (!path.empty()) return check_plugin_file(kind, path, here, minor_is_enough);
        findings_.fail(kind + "_module", name + " is not in " + slurm_.plugin_dir,
                       why_without(kind), "install " + package_of(kind));
    }

    void check_plugin_file(const std::string& kind, const std::string& path,
                           const std::string& here, bool minor_is_enough) {
        if (const auto good = check_slurm_plugin(path); !good)
            return findings_.fail(kind + "_module", good.error().message,
                                  kind == "spank" && is_of_others(path)
                                      ? "steps are asked by another plug-in, not by the gate"
                                      : why_without(kind),
                                  "install " + package_of(kind));
        findings_.ok(kind + "_module", path + " has a safe owner and mode");
        check_build(kind, path, here, minor_is_enough, package_of(kind));
    }

    static std::string package_of(const std::string& kind) {
        return "slurm-" + std::string(kind == "spank" ? kind : "job-submit") + "-together";
    }

    static std::string why_without(const std::string& kind) {
        return kind == "spank" ? "each job fails and drains its node"
                               : "slurmctld will not start again";
    }

    static bool is_of_others(const std::string& path) {
        const auto build = build_of_adapter(path);
        return open_trusted(path, Links::follow) && (!build || build->slurm.empty());
    }

    void check_build(const std::string& kind, const std::string& path, const std::string& here,
                     bool minor_is_enough, const std::string& package) {
        const auto build = build_of_adapter(path);
        if (!build || build->release != TOGETHER_VERSION)
            return findings_.warn(kind + "_build",
                                  build ? path + " is of release " + build->release +
                                              ", togetherctl of " TOGETHER_VERSION
                                        : build.error().message,
                                  "parts of two releases are not tested together",
                                  "install one release of all packages");
        const bool fits = minor_is_enough ? major_and_minor(build->slurm) == major_and_minor(here)
                                          : build->slurm == here;
        if (here.empty())
            findings_.tell(kind + "_build", path + " is for Slurm " + build->slurm);
        else if (fits)
            findings_.ok(kind + "_build", path + " is of this release, for Slurm " + build->slurm);
        else
            findings_.fail(kind + "_build",
                           path + " is for Slurm " + build->slurm + ", and here is " + here,
                           why_without(kind), "install " + package + " for Slurm " + here);
    }

    const Patient& patient_;
    Findings& findings_;
    SlurmConfiguration slurm_;
    std::string running_;  // scontrol show config; empty where slurmctld did not answer
};

}  // namespace

void check_slurm(const Patient& patient, Findings& findings) {
    const bool has_files = ::access(patient.slurm.path.c_str(), F_OK) == 0;
    if (!has_files && patient.slurmctld.empty() && patient.slurmd.empty())
        return findings.tell("slurm", "not on this host");
    SlurmCheck(patient, findings).run();
}

}  // namespace together::ctl
