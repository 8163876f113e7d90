#include "watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>

#include "file_descriptor.h"

namespace together {
namespace {

using namespace std::chrono_literals;

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

  private:
    FileDescriptor descriptor_;
};

// A random part of fresh_for, so that a thousand nodes do not ask in one instant and a roster does
// not grow old between two rounds.
Nanoseconds until_next_poll(const Config& config) {
    const double part = 0.5 + 0.3 * random_fraction();
    const auto pause = std::chrono::duration<double>(config.fresh_for) * part;
    return std::max<Nanoseconds>(std::chrono::duration_cast<Nanoseconds>(pause), 100ms);
}

Nanoseconds until_next_round(const Config& config, const RoundResult& result,
                             std::uint32_t failures) {
    if (result.was_held) return 0ns;
    if (result.outcome == RefreshOutcome::valid) return until_next_poll(config);
    // At most as long as a poll: an authority that is back is noticed soon.
    return delay_after_failure(failures, result.retry_after, true, random_fraction());
}

}  // namespace

int watch(const RefreshOptions& options, Clock& clock, const RefreshLog& log) {
    const StopSignal stop;
    std::uint32_t failures = 0;
    std::string last;
    while (true) {
        const auto config = load_config(options.config_path);
        RoundResult result{RefreshOutcome::configuration, "", std::nullopt, false};
        if (config)
            result = run_round(*config, options, clock, log);
        else
            result.message = config.error().message;
        failures = result.outcome == RefreshOutcome::valid ? 0 : failures + 1;
        // Said once, not every few seconds for a whole night.
        if (result.message != last && (failures > 0 || result.message != "unchanged"))
            log(failures > 0 ? "no valid answer: " + result.message : result.message);
        last = result.message;
        if (stop.within(until_next_round(config ? *config : Config(), result, failures))) return 0;
    }
}

}  // namespace together
