// SPDX-License-Identifier: Apache-2.0
// The job_submit adapter: what slurmctld looks up in it. Called under slurmctld's locks,
// since 23.02 by several threads at once.
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "common/decision/decision_report.h"
#include "common/decision/explanation.h"
#include "common/decision/log_line.h"
#include "spank_together/slurm_api.h"
#include "spank_together/submit_check.h"

#define TOGETHER_SLURMCTLD_SYMBOL extern "C" [[gnu::visibility("default")]]

namespace together {
namespace {

constexpr const char* name = "job_submit/together";

SlurmLog plugin_log(name);
// Between init() and fini(), which slurmctld calls while nobody submits.
std::unique_ptr<SubmitCheck> submit_check;

// root and SlurmUser, as whom slurmctld runs, keep their way in whatever is wrong with us.
bool is_slurms_own(uid_t uid) {
    return uid == 0 || uid == ::geteuid();
}

// Another plug-in's message stays. It is not freed: how to do so differs from Slurm to Slurm.
void tell(char** message, const std::string& text) {
    if (message == nullptr) return;
    const std::string before = *message != nullptr ? std::string(*message) + "\n" : "";
    *message = ::slurm_xstrdup((before + text).c_str());
}

int answer(uid_t uid, char** message) {
    if (is_slurms_own(uid)) return SLURM_SUCCESS;
    const auto started = std::chrono::steady_clock::now();
    Decision decision;
    if (submit_check)
        decision = submit_check->decide(uid);
    else
        decision.uid = uid;  // unavailable: init() failed
    const auto took = std::chrono::steady_clock::now() - started;
    const auto line =
        log_line(decision, {"slurmctld",
                            {},
                            ::getpid(),
                            std::chrono::duration_cast<std::chrono::microseconds>(took).count()});
    plugin_log.info(line);
    report_decision(line);
    if (decision.allowed()) return SLURM_SUCCESS;
    tell(message, message_for_user(decision));
    return ESLURM_ACCESS_DENIED;
}

}  // namespace
}  // namespace together

TOGETHER_SLURMCTLD_SYMBOL const char plugin_name[] =
    "together: only a project's collaborators submit";
TOGETHER_SLURMCTLD_SYMBOL const char plugin_type[] = "job_submit/together";
TOGETHER_SLURMCTLD_SYMBOL const std::uint32_t plugin_version = SLURM_VERSION_NUMBER;

// Never an error: slurmctld would end. Without a valid configuration submissions are refused.
TOGETHER_SLURMCTLD_SYMBOL int init() {
    return together::guarded(together::name, SLURM_SUCCESS, [] {
        together::submit_check = std::make_unique<together::SubmitCheck>(
            together::default_config_path, together::plugin_log);
        return SLURM_SUCCESS;
    });
}

TOGETHER_SLURMCTLD_SYMBOL int fini() {
    together::submit_check.reset();
    return SLURM_SUCCESS;
}

// user_id is authenticated by slurmctld; root's --uid is decided for whom the job is.
TOGETHER_SLURMCTLD_SYMBOL int job_submit(job_desc_msg_t* job, std::uint32_t, char** message) {
    return together::guarded(together::name, ESLURM_ACCESS_DENIED,
                             [&] { return together::answer(job->user_id, message); });
}

// Slurm's internal job record is none of our business.
#if SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(23, 2, 0)
TOGETHER_SLURMCTLD_SYMBOL int job_modify(job_desc_msg_t*, void*, std::uint32_t who,
                                         char** message) {
#else
TOGETHER_SLURMCTLD_SYMBOL int job_modify(job_desc_msg_t*, void*, std::uint32_t who) {
    char** const message = nullptr;
#endif
    return together::guarded(together::name, ESLURM_ACCESS_DENIED,
                             [&] { return together::answer(who, message); });
}
