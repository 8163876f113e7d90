// SPDX-License-Identifier: Apache-2.0
#include "authorizer/request_gate.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>

#include "common/decision/explanation.h"
#include "common/decision/log_line.h"
#include "common/decision/roster_metrics.h"

namespace together::authorizer {
namespace {

using Steady = std::chrono::steady_clock;

// A client names what it likes; no datagram holds a line of 200 kilobytes, and the refusal would
// be neither counted nor in the log.
constexpr std::size_t max_logged_request = 1024;
constexpr std::size_t max_logged_login = 256;

Decision with_short_login(Decision decision) {
    if (decision.login.size() > max_logged_login) decision.login.resize(max_logged_login);
    return decision;
}

// A name has no account; if the gate asked all the same, it would get nobody in.
class NobodysAccounts final : public NodeAccounts {
  public:
    Result<std::optional<uid_t>> uid_of(const std::string&) override { return no_accounts(); }
    Result<std::optional<std::string>> login_of(uid_t) override { return no_accounts(); }

  private:
    static tl::unexpected<Error> no_accounts() { return failure("accounts are not asked about"); }
};

bool is_plain(const Decision& decision) {
    return decision.reason == Reason::role_permits && !decision.would;
}

std::int64_t microseconds_since(Steady::time_point started) {
    return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - started).count();
}

Result<Config> gates_part(const Result<AuthorizerConfig>& config) {
    if (!config) return tl::make_unexpected(config.error());
    return Config(*config);
}

}  // namespace

RequestGate::RequestGate(Clock& clock, DecisionCounts& counts, Write write,
                         PlainAllows::Send report)
    : clock_(clock),
      counts_(counts),
      write_(std::move(write)),
      plain_allows_(std::move(report)),
      accounts_(std::make_unique<NobodysAccounts>()) {
    use(std::make_shared<const Result<AuthorizerConfig>>(
        failure("the configuration was not read yet")));
}

RequestGate::~RequestGate() = default;

void RequestGate::use(std::shared_ptr<const Result<AuthorizerConfig>> config) {
    if (config == config_) return;
    config_ = std::move(config);
    gate_.emplace(gates_part(*config_), clock_, *accounts_, refresher_);
}

Decision RequestGate::decide(const Asked& asked) {
    const auto started = Steady::now();
    auto decision =
        gate_->decide({Subject::of_name(asked.login), asked.action, asked.require_admin});
    counts_.add(asked.door, decision);
    if (is_plain(decision)) {
        plain_allows_.add(asked.door, asked.peer, decision);
        return decision;
    }
    auto line =
        log_line(with_short_login(decision), {std::string(asked.door), std::string(asked.peer),
                                              ::getpid(), microseconds_since(started)});
    append_field(line, "request", asked.what.substr(0, max_logged_request));
    write_(line);
    return decision;
}

void RequestGate::turn() {
    plain_allows_.turn(Nanoseconds(clock_.now().boottime));
}

void RequestGate::finish() {
    plain_allows_.tell();
}

std::optional<std::string> RequestGate::why_not_ready() const {
    if (!*config_) return config_->error().message;
    const auto roster = open_roster(**config_, clock_);
    if (!roster) return roster.error().message;
    if ((*config_)->within_stale_for(roster->age.at_least)) return std::nullopt;
    return "the roster is " + age_text(roster->age.at_least, roster->age.uncertain);
}

std::string RequestGate::roster_metrics() const {
    return together::roster_metrics(*config_ ? &**config_ : nullptr, clock_);
}

}  // namespace together::authorizer
