// SPDX-License-Identifier: Apache-2.0
// Why the roster gives somebody no account on this node, for whoever asks about that one.
#pragma once

#include <optional>
#include <string>

#include "common/decision/decision.h"

namespace together::ctl {

struct WhyNoAccount {
    std::string reason;  // stable: one of NoAccount's names, or of this node's own
    std::string what;
    std::string remedy;
};

// Nothing where the login has one, or where the decision has nothing to do with accounts.
std::optional<WhyNoAccount> why_no_account(const std::string& config_path,
                                           const together::Decision& decision);

}  // namespace together::ctl
