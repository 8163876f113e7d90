// SPDX-License-Identifier: Apache-2.0
// What a Kubernetes API server is answered: the policy table says what somebody must be, the gate
// whether they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authorizer/access_review.h"
#include "authorizer/request_gate.h"

namespace together::authorizer {

class KubernetesDoor {
  public:
    // Both outlive it.
    KubernetesDoor(RequestGate& gate, DecisionCounts& counts) : gate_(gate), counts_(counts) {}

    AccessAnswer answer(const AccessReview& review, std::string_view peer);

  private:
    RequestGate& gate_;
    DecisionCounts& counts_;
};

// Whose login a user of Kubernetes is; nothing where it is not ours, as `system:` never is.
std::optional<std::string> login_of(std::string_view user, std::string_view prefix);

}  // namespace together::authorizer
