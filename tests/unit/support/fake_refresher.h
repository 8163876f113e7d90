// SPDX-License-Identifier: Apache-2.0
// A refresh that does what a test's script says.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "common/on_demand/refresher.h"

class FakeRefresher : public together::Refresher {
  public:
    together::RefreshAttempt refresh(const together::Config&,
                                     const std::optional<together::Moment>& validated) override {
        if (!is_permitted) return {};
        ++asked;
        seen = validated;
        if (script) script();
        return {together::RefreshAttempt::Outcome::tried, problem, node_fault};
    }

    bool is_permitted = true;
    std::string problem = "the authority does not answer";
    bool node_fault = false;
    std::function<void()> script;  // nothing: the refresh fails
    int asked = 0;
    std::optional<together::Moment> seen;
};
