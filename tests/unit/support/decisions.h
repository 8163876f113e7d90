// SPDX-License-Identifier: Apache-2.0
// Decisions made by hand, for whatever renders them.
#pragma once

#include <chrono>

#include "common/decision/explanation.h"

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

inline constexpr together::Reason all_reasons[] = {
    together::Reason::root,           together::Reason::exempt,
    together::Reason::admitted,       together::Reason::role_permits,
    together::Reason::lockdown,       together::Reason::not_a_collaborator,
    together::Reason::role_forbids,   together::Reason::unknown_role,
    together::Reason::admin_required, together::Reason::login_shared,
    together::Reason::uid_shared,     together::Reason::uid_below_minimum,
    together::Reason::uid_differs,    together::Reason::no_such_account,
    together::Reason::configuration,  together::Reason::no_roster,
    together::Reason::roster_too_old, together::Reason::name_service,
    together::Reason::name_pending,   together::Reason::module_argument,
    together::Reason::node_fault,
};
