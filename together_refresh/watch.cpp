// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "common/roster/backoff.h"
#include "common/system/file_descriptor.h"
#include "common/system/random.h"
#include "together_refresh/count/decision_counter.h"
#include "together_refresh/process/service_manager.h"
#include "together_refresh/removal/removal_process.h"

namespace together {
namespace {

using namespace std::chrono_literals;

// Between a round and the next that waits at the authority.
constexpr auto at_once = 10ms;

// SIGTERM and SIGINT as a descriptor: seen between rounds, while nothing is half done.
class StopSignal {
  public:
    StopSignal() {
        sigset_t signals;
        ::sigemptyset(&signals);
        ::sigaddset(&signals, SIGTERM);
        ::sigaddset(&signals, SIGINT);
        ::sigprocmask(SIG_BLOCK, &signals, nullptr);
        descriptor_ = FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    // True where it came within `time`.
    bool within(Nanoseconds time) const {
        pollfd readable{descriptor_.get(), POLLIN, 0};
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time).count();
        return ::poll(&readable, 1, static_cast<int>(milliseconds)) > 0;
    }

    int descriptor() const { return descriptor_.get(); }

  private:
    FileDescriptor descriptor_;
};

// A random part of fresh_for, so that a thousand nodes do not ask in one instant and a roster does
// not grow old between two rounds.
Nanoseconds until_next_poll(const NodeConfig& config) {
    const double part = 0.5 + 0.3 * random_fraction();
    const auto pause = std::chrono::duration<double>(config.fresh_for) * part;
    return std::max<Nanoseconds>(std::chrono::duration_cast<Nanoseconds>(pause), 100ms);
}

class Watcher {
  public:
    Watcher(const RefreshOptions& options, Clock& clock, const RefreshLog& log)
        : options_(options),
          log_(log),
          rounds_(options, clock, log, stop_.descriptor()),
          counter_(options.config_path),
          removals_(options.config_path) {}

    int run() {
        while (true) {
            counter_.keep_running();
            const auto started = std::chrono::steady_clock::now();
            const auto config = load_refresh_config(options_.config_path);
            if (config) removals_.keep_running(config->node);
            const RoundResult result = round(config);
            if (result.stopped) return 0;
            say(result);
            const auto took = std::chrono::steady_clock::now() - started;
            const auto pause = until_next_round(config ? config->node : NodeConfig(), result, took);
            news_before_ = result.changed && took < 1s;
            tell_service_manager_ready();
            if (stop_.within(pause)) return 0;
        }
    }

  private:
    RoundResult round(const Result<RefreshConfig>& config) {
        RoundResult result;
        if (config) {
            result = rounds_.run(*config);
            if (!config->problem.empty() && config->problem != configs_problem_)
                log_(config->problem);
            configs_problem_ = config->problem;
        } else {
            result.outcome = RefreshOutcome::configuration;
            result.message = config.error().message;
        }
        failures_ = result.outcome == RefreshOutcome::valid ? 0 : failures_ + 1;
        return result;
    }

    // Said once, not every few seconds for a whole night; an end of a failure is said, too.
    void say(const RoundResult& result) {
        const bool failed = result.outcome != RefreshOutcome::valid;
        const bool news =
            failed ? result.message != last_failure_ : result.changed || !last_failure_.empty();
        if (news) log_((failed ? "no valid answer: " : "") + log_text(result));
        last_failure_ = failed ? result.message : "";
    }

    Nanoseconds until_next_round(const NodeConfig& config, const RoundResult& result,
                                 Nanoseconds took) const {
        // At most as long as a poll would wait: an authority that is back is noticed soon.
        if (result.outcome != RefreshOutcome::valid)
            return delay_after_failure(failures_, result.retry_after, true, random_fraction());
        if (result.may_long_poll) return at_once;
        if (!result.was_long_poll) return until_next_poll(config);
        // The next request says that we have it: whoever removed somebody waits to hear so.
        if (took >= 1s || (result.changed && !news_before_)) return at_once;
        // One that says it held the request and did not, must not be asked in a loop.
        if (result.changed) return 200ms;
        return until_next_poll(config);
    }

    const RefreshOptions& options_;
    const RefreshLog& log_;
    const StopSignal stop_;
    Rounds rounds_;
    DecisionCounter counter_;
    RemovalProcess removals_;
    std::uint32_t failures_ = 0;
    bool news_before_ = false;  // the round before was short and had news
    std::string last_failure_;
    std::string configs_problem_;
};

}  // namespace

int watch(const RefreshOptions& options, Clock& clock, const RefreshLog& log) {
    return Watcher(options, clock, log).run();
}

}  // namespace together
