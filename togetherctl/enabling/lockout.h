// SPDX-License-Identifier: Apache-2.0
// Before a gate is switched on: whom it would refuse.
#pragma once

#include <json/value.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "common/config/config.h"
#include "common/decision/decision.h"
#include "togetherctl/enabling/gate_target.h"
#include "togetherctl/node/known_people.h"

namespace together::ctl {

struct Refused {
    std::string login;
    std::optional<uid_t> uid;
    std::vector<std::string> signs;
    together::Decision decision;

    // In the words of the gate; in observe mode, what it would be in enforce mode.
    std::string message() const;
};

// Asks the gate as the plan has it called. As root, a newer roster is asked for once.
std::vector<Refused> who_would_be_refused(const Plan& plan,
                                          const together::Result<together::Config>& config,
                                          const KnownPeople& people);

// Why there is no roster that lets anybody in, where there is none.
std::optional<std::string> why_no_roster(const Plan& plan,
                                         const together::Result<together::Config>& config);

void show_refused(const std::vector<Refused>& refused, const KnownPeople& people, Output& output);
Json::Value json_of(const std::vector<Refused>& refused);

}  // namespace together::ctl
