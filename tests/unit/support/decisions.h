// SPDX-License-Identifier: Apache-2.0
// Decisions made by hand, for whatever renders them.
#pragma once

#include <chrono>
#include <vector>

#include "common/decision/decision.h"

// About alice, a member of proj_a, from a fresh roster.
inline together::Decision decided(together::Reason reason) {
    together::Decision decision;
    decision.reason = reason;
    decision.verdict = together::verdict_of(reason);
    decision.login = "alice";
    decision.uid = 10001;
    decision.role = together::Role::member;
    decision.role_text = "member";
    decision.project = "proj_a";
    decision.evidence = together::Evidence::fresh;
    decision.age = std::chrono::milliseconds(3400);
    decision.revision = 7;
    decision.min_uid = 1000;
    return decision;
}

inline std::vector<together::Reason> every_reason() {
    std::vector<together::Reason> result;
    for (const auto& row : together::reasons()) result.push_back(row.reason);
    return result;
}
