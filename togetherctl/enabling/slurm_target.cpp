// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/slurm_target.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "common/config/config.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/pam/module_check.h"
#include "togetherctl/slurm/plugstack.h"
#include "togetherctl/slurm/slurm_configuration.h"
#include "togetherctl/slurm/slurm_files.h"
#include "togetherctl/slurm/slurmd_su.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

// Without its file the line would stop slurmctld or drain the node.
bool plugin_is_good(const SlurmConfiguration& slurm, const std::string& name,
                    const std::string& path, Plan& plan) {
    const auto plugin = find_slurm_plugin(slurm.plugin_dir, name);
    if (plugin.empty()) {
        plan.notes.push_back(path + " stays as it is: " + name + " is not installed here");
        return false;
    }
    const auto good = check_slurm_plugin(plugin);
    if (!good) plan.problems.push_back(good.error().message);
    return good.has_value();
}

// One that sets the list elsewhere would win, or lose, without anybody seeing why.
Result<void> look_at_includes(const SlurmConfiguration& slurm) {
    for (const auto& [path, text] : slurm.included)
        if (slurm_setting(text, "JobSubmitPlugins"))
            return failure("JobSubmitPlugins is set in " + path + ", which " + slurm.path +
                           " includes; add \"together\" to it there, by hand");
    return {};
}

using Change = Result<std::string> (*)(std::string_view);

Result<void> add_edit(const std::string& path, Change change, Change undo,
                      std::vector<std::string> lines, Plan& plan) {
    auto file = read_for_editing(path);
    if (!file) return tl::make_unexpected(file.error());
    auto after = change(file->text);
    if (!after) return failure(path + ": " + after.error().message);
    auto without = undo(file->text);
    if (!without) return failure(path + ": " + without.error().message);
    plan.edits.push_back(
        {*std::move(file), *std::move(after), *std::move(without), std::move(lines)});
    return {};
}

Result<void> enable_job_submit(const SlurmConfiguration& slurm, Plan& plan) {
    if (!plugin_is_good(slurm, "job_submit_together.so", slurm.path, plan)) return {};
    auto planned = add_edit(slurm.path, with_job_submit, without_job_submit,
                            {std::string(job_submit_line)}, plan);
    if (!planned) return planned;
    const auto& edit = plan.edits.back();
    if (auto good = look_at_includes(slurm); !good) return good;
    if (job_submit_by_hand(edit.file.text))
        plan.notes.push_back(slurm.path + ": JobSubmitPlugins has it already, written by hand");
    return {};
}

// Where the file counts as enabled by a line that lets every job pass, nobody would look again.
void judge_spank_by_hand(const CommandLine& line, const EditedFile& file, bool block, Plan& plan) {
    for (auto& by_hand : spank_by_hand(file.text)) {
        const std::string where = file.path + ":" + std::to_string(by_hand.number) + ": ";
        if (by_hand.wrong.empty() && by_hand.path.starts_with('/'))
            if (const auto good = check_slurm_plugin(by_hand.path); !good)
                by_hand.wrong = good.error().message;
        if (by_hand.config_path.empty()) by_hand.config_path = together::default_config_path;
        if (by_hand.wrong.empty() && line.has("config") &&
            by_hand.config_path != line.config_path())
            by_hand.wrong = "it names another configuration than --config";
        if (!by_hand.wrong.empty())
            plan.problems.push_back(where + "a line of spank_together that was written by hand: " +
                                    by_hand.wrong + "; fix it or take it out");
        else if (block)
            plan.notes.push_back(
                where + "a line of spank_together that was written by hand stays; take it out");
        else
            plan.notes.push_back(where +
                                 "a line of spank_together stands there already, written by hand");
    }
}

Result<void> enable_spank(const CommandLine& line, const SlurmConfiguration& slurm, Plan& plan) {
    if (!plugin_is_good(slurm, "spank_together.so", slurm.plugstack, plan)) return {};
    auto file = read_for_editing(slurm.plugstack);
    if (!file) return tl::make_unexpected(file.error());
    // What the command line leaves open is as our block has it already.
    auto arguments = spank_arguments_in_block(file->text);
    if (line.has("config")) arguments = {"config=" + line.config_path()};
    for (const std::string_view argument : arguments)
        if (constexpr std::string_view config = "config="; argument.starts_with(config))
            plan.config_path = argument.substr(config.size());
    auto after = with_spank(file->text, arguments);
    if (!after) return failure(slurm.plugstack + ": " + after.error().message);
    auto without = *without_spank(file->text);
    judge_spank_by_hand(line, *file, without != file->text, plan);
    plan.edits.push_back(
        {*std::move(file), *std::move(after), std::move(without), {spank_line(arguments)}});
    return {};
}

// Where steps start slurmd starts su before them. Without libpam's module the line would refuse
// everybody whom su is for, so that the step check alone is worth having: it is told, and counts.
Result<void> guard_su(const CommandLine& line, const SlurmConfiguration& slurm, Plan& plan) {
    if (!has_slurmd()) return {};
    if (never_starts_su(slurm)) {
        plan.notes.emplace_back(
            "su stays as it is: with GetEnvTimeout=0 slurmd never starts it for a job");
        return {};
    }
    const auto problem = su_module_problem();
    if (problem.empty()) return add_su(line, true, plan);
    plan.still_open.push_back(
        "a way past Slurm's lock stays open here: for sbatch --get-user-env and --export=NONE "
        "slurmd "
        "starts \"su - USER\" before it asks a plug-in, and a refused user's ~/.profile runs. su "
        "cannot ask the gate: " +
        problem +
        ". Install libpam-together, then togetherctl enable slurm once more; or set "
        "GetEnvTimeout=0 in "
        "slurm.conf, then scontrol reconfigure");
    return {};
}

bool has_the_lock(const Plan& plan, const SlurmConfiguration& slurm) {
    return std::any_of(plan.edits.begin(), plan.edits.end(), [&](const PlannedEdit& edit) {
        return edit.file.path == absolute_path(slurm.plugstack);
    });
}

// In the files that are edited, and in those that they include.
void report_by_hand(const SlurmConfiguration& slurm, Plan& plan) {
    std::set<std::string> paths;
    for (const auto& edit : plan.edits)
        if (!edit.account_lines &&
            (job_submit_by_hand(edit.file.text) || !spank_by_hand(edit.file.text).empty()))
            paths.insert(edit.file.path);
    for (const auto& [path, text] : slurm.included)
        if (lists_the_gate(slurm_setting(text, "JobSubmitPlugins").value_or("")))
            paths.insert(path);
    for (const auto& [file, line] : read_plugstack(slurm.plugstack).value_or(Plugstack()).lines)
        if (file != slurm.plugstack && names_the_gate(line)) paths.insert(file);
    for (const auto& path : paths)
        plan.problems.push_back(path +
                                ": what was written by hand is in force; only what togetherctl "
                                "enable wrote is taken out");
}

}  // namespace

Result<Plan> plan_slurm(const CommandLine& line, bool enable) {
    Plan plan;
    plan.target = GateTarget::slurm;
    plan.action = together::Action::slurm_submit;
    plan.config_path = line.config_path();
    const auto slurm = read_slurm_configuration(line.value("file"));
    const bool slurm_conf = is_there(slurm.path);
    const bool plugstack = is_there(slurm.plugstack);
    // A slurmd without own configuration has slurmctld's, and its lock with it.
    const bool fetched = !line.has("file") && !slurm_conf && has_slurmd();
    if (!slurm_conf && !plugstack && !fetched)
        return failure("neither " + slurm.path + " nor " + slurm.plugstack +
                       " is there; --file names a slurm.conf elsewhere");
    if (fetched)
        plan.notes.emplace_back(
            "there is no slurm.conf here, slurmd fetches it: for both plug-ins run togetherctl "
            "enable slurm on slurmctld's host");
    else if (!slurm_conf)
        plan.notes.push_back("there is no " + slurm.path);
    if (!plugstack && !fetched)
        plan.notes.push_back("there is no " + slurm.plugstack +
                             "; for the check on the nodes make "
                             "one with the line: " +
                             spank_line({}));
    Result<void> planned;
    if (slurm_conf)
        planned = enable ? enable_job_submit(slurm, plan)
                         : add_edit(slurm.path, without_job_submit, without_job_submit, {}, plan);
    if (planned && plugstack)
        planned = enable ? enable_spank(line, slurm, plan)
                         : add_edit(slurm.plugstack, without_spank, without_spank, {}, plan);
    if (planned && !enable)
        planned = add_su(line, false, plan);
    else if (planned && (fetched || has_the_lock(plan, slurm)))
        planned =
            guard_su(line, fetched ? read_slurm_configuration(fetched_slurm_conf) : slurm, plan);
    if (!planned) return tl::make_unexpected(planned.error());
    if (slurm_conf && !plan.edits.empty() && plan.edits.front().changes() &&
        plan.edits.front().file.path == absolute_path(slurm.path))
        plan.notes.emplace_back("slurmctld takes its plug-ins up when it is restarted");
    if (!enable) report_by_hand(slurm, plan);
    if (enable && plan.edits.empty() && plan.problems.empty() && !fetched)
        return failure(
            "no plug-in is installed: neither job_submit_together.so nor "
            "spank_together.so was found in Slurm's folder of plug-ins");
    return plan;
}

}  // namespace together::ctl
