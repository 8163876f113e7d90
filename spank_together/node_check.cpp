#include "node_check.h"

#include <unistd.h>

#include "exempt_logins.h"
#include "explanation.h"
#include "on_demand.h"

namespace together {
namespace {

constexpr const char* name = "spank_together";
constexpr int refuse = -1;

// The helper is another program: it gets the configuration's name, not our descriptor's.
class HelperFromHeldFolders : public Refresher {
  public:
    HelperFromHeldFolders(Clock& clock, std::string path) : path_(std::move(path)), inner_(clock) {}

    RefreshAttempt refresh(const Config& config, const std::optional<Moment>& seen) override {
        Config named = config;
        named.path = path_;
        return inner_.refresh(named, seen);
    }

  private:
    std::string path_;
    OnDemandRefresher inner_;
};

// Whatever the user had set under these names goes: a job must be able to believe them.
void export_role(spank_t spank, const Decision& decision) {
    const auto set = [spank](const char* variable, std::string_view value) {
        if (value.empty())
            ::spank_unsetenv(spank, variable);
        else
            ::spank_setenv(spank, variable, std::string(value).c_str(), 1);
    };
    set("TOGETHER_PROJECT_ID", decision.project);
    set("TOGETHER_ROLE", decision.role && !decision.would ? name_of(*decision.role) : "");
}

std::string step_name(spank_t spank) {
    std::uint32_t job = 0;
    std::uint32_t step = 0;
    ::spank_get_item(spank, S_JOB_ID, &job);
    ::spank_get_item(spank, S_JOB_STEPID, &step);
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
    // Slurm sends these to the job's stderr.
    if (const auto message = message_for_user(decision); !message.empty())
        ::slurm_spank_log("%s", message.c_str());
}

}  // namespace

NodeCheck::NodeCheck(const SpankArguments& arguments)
    : arguments_(arguments),
      config_(arguments.problem.empty() ? load_config(arguments.config_path)
                                        : failure(arguments.problem)) {
    SlurmLog log(name);
    if (!config_) {
        log.error(config_.error().message);
        return;
    }
    SystemAccounts accounts;
    for (const auto& problem : resolve_exempt_logins(*config_, accounts)) log.error(problem);
    held_.emplace(*config_);
    config_ = held_->config();
}

Decision NodeCheck::decide(uid_t uid) {
    SystemClock clock;
    SystemAccounts accounts;
    HelperFromHeldFolders refresher(clock, held_ ? held_->original_path() : "");
    Gate gate(config_, clock, accounts, refresher);
    Decision decision = gate.decide({Subject::of_uid(uid), Action::slurm_submit, false});
    if (decision.reason == Reason::configuration && !arguments_.problem.empty())
        decision.reason = Reason::module_argument;
    if (held_) {
        decision.detail = held_->with_names(std::move(decision.detail));
        decision.refresh_problem = held_->with_names(std::move(decision.refresh_problem));
    }
    return decision;
}

int NodeCheck::check_task(spank_t spank) {
    const auto started = std::chrono::steady_clock::now();
    uid_t uid = 0;
    int local_task = 0;
    if (::spank_get_item(spank, S_JOB_UID, &uid) != ESPANK_SUCCESS ||
        ::spank_get_item(spank, S_TASK_ID, &local_task) != ESPANK_SUCCESS) {
        SlurmLog(name).error("Slurm does not tell whose task this is: refused");
        return refuse;
    }
    const Decision decision = decide(uid);
    const auto took = std::chrono::steady_clock::now() - started;
    if (local_task == 0)
        report(spank, decision, std::chrono::duration_cast<std::chrono::microseconds>(took));
    if (!decision.allowed()) return refuse;
    export_role(spank, decision);
    return 0;
}

}  // namespace together
