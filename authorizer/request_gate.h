// SPDX-License-Identifier: Apache-2.0
// The gate as both doors ask it: about a name that somebody else authenticated, from the roster on
// this node, with a line of the log for each answer that is no plain allow, and counted.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "authorizer/decision_counts.h"
#include "authorizer/plain_allows.h"
#include "common/decision/gate.h"
#include "common/node_config/node_config.h"

namespace together::authorizer {

struct Asked {
    std::string_view door;     // "kubernetes", "http"
    const std::string& login;  // of any form
    Action action;
    bool require_admin = false;
    std::string_view peer;
    std::string_view what;  // for the log: "create pods in default"
};

// One thread. Never waits: no helper, no network, no name service.
class RequestGate {
  public:
    using Write = std::function<void(const std::string& line)>;

    // `write`, `report` and the seams must outlive it. Before use() there is no configuration.
    RequestGate(Clock& clock, DecisionCounts& counts, Write write, PlainAllows::Send report);
    ~RequestGate();
    RequestGate(const RequestGate&) = delete;
    RequestGate& operator=(const RequestGate&) = delete;

    void use(std::shared_ptr<const Result<AuthorizerConfig>> config);
    const Result<AuthorizerConfig>& config() const { return *config_; }

    Decision decide(const Asked& asked);

    // Plain allows are told together: by turn(), about once a second, and the last by finish().
    void turn();
    void finish();

    // How the roster stands, whoever asks: nothing where it is usable, else why not.
    std::optional<std::string> why_not_ready() const;
    // For the metrics.
    std::string roster_metrics() const;

  private:
    Clock& clock_;
    DecisionCounts& counts_;
    const Write write_;
    PlainAllows plain_allows_;
    std::unique_ptr<NodeAccounts> accounts_;
    NoRefresher refresher_;
    std::shared_ptr<const Result<AuthorizerConfig>> config_;
    std::optional<Gate> gate_;
};

}  // namespace together::authorizer
