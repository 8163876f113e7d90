// SPDX-License-Identifier: Apache-2.0
#include "spank_together/step_check.h"

#include <unistd.h>

#include <cstdint>

#include "common/config/exempt_logins.h"
#include "common/decision/decision_report.h"
#include "common/decision/explanation.h"
#include "common/decision/log_line.h"
#include "common/decision/role_environment.h"
#include "common/on_demand/on_demand.h"
#include "common/system/setuid_filter.h"

namespace together {
namespace {

constexpr const char* name = "spank_together";
constexpr int refuse = -1;

// Whatever the user had set under these names goes: a job must be able to believe them.
void export_role(spank_t spank, const Decision& decision) {
    for (const auto& [variable, value] : role_environment(decision))
        if (value.empty())
            ::spank_unsetenv(spank, variable);
        else
            ::spank_setenv(spank, variable, value.c_str(), 1);
}

std::uint32_t step_of(spank_t spank) {
    std::uint32_t step = 0;
    ::spank_get_item(spank, S_JOB_STEPID, &step);
    return step;
}

std::string step_name(spank_t spank) {
    std::uint32_t job = 0;
    ::spank_get_item(spank, S_JOB_ID, &job);
    const std::uint32_t step = step_of(spank);
    return std::to_string(job) + "." +
           (step == SLURM_BATCH_SCRIPT       ? "batch"
            : step == SLURM_INTERACTIVE_STEP ? "interactive"
                                             : std::to_string(step));
}

void report(spank_t spank, const Decision& decision, std::chrono::microseconds took) {
    if (decision.reason == Reason::root) return;
    std::string line = log_line(decision, {"slurmstepd", {}, ::getpid(), took.count()});
    append_field(line, "step", step_name(spank));
    SlurmLog(name).info(line);
    report_decision(line);
    // Slurm sends these to the job's stderr.
    if (const auto message = message_for_user(decision); !message.empty())
        ::slurm_spank_log("%s", message.c_str());
}

}  // namespace

void bar_from_becoming(std::optional<uid_t> uid) {
    const auto barred = forbid_becoming(uid);
    if (barred) return;
    SlurmLog(name).error("this step is refused, but a task epilog of " +
                         (uid ? "uid " + std::to_string(*uid) : std::string("its user")) +
                         " can still run: " + barred.error().message +
                         "; see togetherctl doctor on this node");
}

StepCheck::StepCheck(spank_t spank, const SpankArguments& arguments) {
    const auto started = std::chrono::steady_clock::now();
    uid_t uid = 0;
    if (::spank_get_item(spank, S_JOB_UID, &uid) != ESPANK_SUCCESS) {
        SlurmLog(name).error("Slurm does not tell whose step this is: its tasks are refused");
        bar_from_becoming(std::nullopt);
        return;
    }
    // The extern step's too: no task of it is ever started, but X11 forwarding is its.
    decision_ = decide(uid, arguments);
    if (!decision_->allowed()) bar_from_becoming(uid);
    took_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                  started);
}

Decision StepCheck::decide(uid_t uid, const SpankArguments& arguments) {
    SystemClock clock;
    SystemAccounts accounts;
    OnDemandRefresher refresher(clock);
    auto config =
        arguments.problem.empty() ? load_config(arguments.config_path) : failure(arguments.problem);
    SlurmLog log(name);
    if (config) {
        for (const auto& problem : resolve_exempt_logins(*config, accounts)) log.error(problem);
    } else {
        log.error(config.error().message);
    }
    Gate gate(std::move(config), clock, accounts, refresher);
    Decision decision = gate.decide({Subject::of_uid(uid), Action::slurm_submit, false});
    if (decision.reason == Reason::configuration && !arguments.problem.empty())
        decision.reason = Reason::module_argument;
    return decision;
}

int StepCheck::check_task(spank_t spank) const {
    int local_task = 0;
    if (!decision_ || ::spank_get_item(spank, S_TASK_ID, &local_task) != ESPANK_SUCCESS) {
        SlurmLog(name).error("Slurm does not tell whose task this is: refused");
        return refuse;
    }
    if (local_task == 0) report(spank, *decision_, took_);
    if (!decision_->allowed()) return refuse;
    export_role(spank, *decision_);
    return 0;
}

}  // namespace together
