// SPDX-License-Identifier: Apache-2.0
// The SSH gate: what libpam calls. Only the account phase decides. Where in the stack it must stand
// is in pam_together(8), why in docs/pam-notes.md, "Where in the stack a denial holds".
//
//   allow        PAM_SUCCESS           (in observe mode PAM_IGNORE)
//   deny         PAM_PERM_DENIED       and one message, unless `quiet`
//   unavailable  PAM_AUTHINFO_UNAVAIL  likewise
//
// PAM_SILENT does not keep the message back: sudo always sets it, and its users would never read
// why.
//
// It runs inside a calling program that it does not control: no state between calls, no signal,
// alarm or environment variable is touched, no exception leaves it, and it waits no longer than
// `deadline`.
#define PAM_SM_AUTH
#define PAM_SM_ACCOUNT
#define PAM_SM_PASSWORD
#define PAM_SM_SESSION
#include <security/pam_modules.h>

#include <exception>
#include <span>

#include "common/decision/explanation.h"
#include "common/decision/gate.h"
#include "common/decision/role_environment.h"
#include "common/on_demand/on_demand.h"
#include "common/roster/backoff.h"
#include "common/roster/last_attempt.h"
#include "pam_together/decision_log.h"

#define TOGETHER_PAM_ENTRY extern "C" [[gnu::visibility("default")]] int

namespace together {
namespace {

// Says that it will wait before it does. While the back-off lasts nobody waits.
class LoggedRefresher : public Refresher {
  public:
    LoggedRefresher(Clock& clock, DecisionLog& log) : clock_(clock), log_(log), refresher_(clock) {}

    RefreshAttempt refresh(const Config& config, const std::optional<Moment>& seen) override {
        const auto attempt = read_last_attempt(RosterPaths(config));
        const bool held_back = attempt && time_left(*attempt, clock_.now()) > Nanoseconds::zero();
        if (may_refresh() && !held_back) log_.waits_for_a_refresh(config);
        return refresher_.refresh(config, seen);
    }

  private:
    Clock& clock_;
    DecisionLog& log_;
    OnDemandRefresher refresher_;
};

Decision decide(const PamHandle& pam, const ModuleArguments& arguments, Clock& clock,
                Refresher& refresher) {
    const bool called_rightly = arguments.problem.empty();
    SystemAccounts accounts;
    Gate gate(called_rightly ? load_config(arguments.config_path) : failure(arguments.problem),
              clock, accounts, refresher);
    Question question;
    question.subject = Subject::of_login(pam.login());
    question.require_admin = arguments.require_admin;
    Decision decision = gate.decide(question);
    if (!called_rightly && decision.reason == Reason::configuration)
        decision.reason = Reason::module_argument;
    return decision;
}

int answer_to(const Decision& decision) {
    switch (decision.verdict) {
        case Verdict::allow:
            return decision.observing ? PAM_IGNORE : PAM_SUCCESS;
        case Verdict::deny:
            return PAM_PERM_DENIED;
        case Verdict::unavailable:
            break;
    }
    return PAM_AUTHINFO_UNAVAIL;
}

int check_account(const PamHandle& pam, const ModuleArguments& arguments) {
    DecisionLog log(pam);
    if (arguments.debug) log.called_with(arguments);
    SystemClock clock;
    LoggedRefresher refresher(clock, log);
    const Decision decision = decide(pam, arguments, clock, refresher);
    log.decided(decision);
    if (!arguments.quiet)
        if (const auto message = message_for_user(decision); !message.empty())
            pam.show_error(message);
    return answer_to(decision);
}

// Never refuses and never waits: the account phase has decided, this only tells the session.
int export_role(const PamHandle& pam, const ModuleArguments& arguments) {
    if (!arguments.problem.empty()) DecisionLog(pam).called_wrongly(arguments);
    SystemClock clock;
    NoRefresher refresher;
    const Decision decision = decide(pam, arguments, clock, refresher);
    for (const auto& [name, value] : role_environment(decision))
        if (!value.empty()) pam.export_variable(name, value);
    return PAM_IGNORE;
}

template <class Body>
int guarded(int answer_to_an_exception, const Body& body) noexcept {
    try {
        return body();
    } catch (const std::exception& exception) {
        log_exception(exception.what());
    } catch (...) {
        log_exception("unknown");
    }
    return answer_to_an_exception;
}

std::span<const char* const> as_span(int count, const char** arguments) {
    return {arguments, static_cast<std::size_t>(count)};
}

}  // namespace
}  // namespace together

TOGETHER_PAM_ENTRY pam_sm_acct_mgmt(pam_handle_t* handle, int, int argc, const char** argv) {
    return together::guarded(PAM_AUTHINFO_UNAVAIL, [&] {
        return together::check_account(together::PamHandle(handle),
                                       together::parse_arguments(together::as_span(argc, argv)));
    });
}

TOGETHER_PAM_ENTRY pam_sm_open_session(pam_handle_t* handle, int, int argc, const char** argv) {
    return together::guarded(PAM_IGNORE, [&] {
        return together::export_role(together::PamHandle(handle),
                                     together::parse_arguments(together::as_span(argc, argv)));
    });
}

TOGETHER_PAM_ENTRY pam_sm_close_session(pam_handle_t*, int, int, const char**) {
    return PAM_IGNORE;
}

TOGETHER_PAM_ENTRY pam_sm_authenticate(pam_handle_t*, int, int, const char**) {
    return PAM_IGNORE;
}

TOGETHER_PAM_ENTRY pam_sm_setcred(pam_handle_t*, int, int, const char**) {
    return PAM_IGNORE;
}

TOGETHER_PAM_ENTRY pam_sm_chauthtok(pam_handle_t*, int, int, const char**) {
    return PAM_IGNORE;
}
