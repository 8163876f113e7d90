// SPDX-License-Identifier: Apache-2.0
// What the gate answers, as data. The user's message, the log line and `togetherctl explain` all
// render the same Decision.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/roles/permissions.h"
#include "common/system/clock.h"
#include "common/system/text_in_place.h"

namespace together {

enum class Verdict {
    allow,        // an explicit, positive answer
    deny,         // an explicit, negative answer
    unavailable,  // we cannot tell; nobody is let in, and nobody is told that they are not listed
};

// In the order of the rows of reasons(). A new one has a row there, a sentence in explanation.cpp
// and a row in docs/decision-table.md.
enum class Reason {
    // allow
    root,
    exempt,
    admitted,
    role_permits,
    // deny
    lockdown,
    not_a_collaborator,
    role_forbids,
    unknown_role,
    admin_required,
    login_shared,
    uid_shared,
    uid_below_minimum,
    uid_differs,
    no_such_account,
    // unavailable
    configuration,
    no_roster,
    roster_too_old,
    node_fault,
    name_service,
    name_pending,
    module_argument,
};

struct ReasonRow {
    Reason reason;
    TextInPlace<20> name;  // stable: in the log line
    Verdict verdict;
};

// Where the roster stood in its life when it decided.
enum class Evidence {
    none,       // decided without a roster
    fresh,      // validated recently enough not to ask
    refreshed,  // asked for just now
    old,        // asked in vain (or not allowed to ask), within stale_for
};

struct Decision {
    Verdict verdict = Verdict::unavailable;
    Reason reason = Reason::configuration;
    // Set in observe mode where the answer would have been no allow; `verdict` is allow then.
    std::optional<Verdict> would;

    Action action = Action::ssh_login;
    std::string login;  // empty where only a uid is known
    std::optional<uid_t> uid;
    std::optional<Role> role;
    std::string role_text;  // as the authority wrote it
    std::string project;
    std::string contact;

    Evidence evidence = Evidence::none;
    std::optional<Nanoseconds> age;  // of the roster
    bool age_uncertain = false;      // its stamp lies in the future: it may be older than `age`
    std::optional<std::int64_t> revision;
    std::optional<Nanoseconds> stale_for;

    // The reason's particulars: the configuration's error with its line, the lockdown's or the
    // admission's reason, why there is no usable roster.
    std::string detail;
    bool asked = false;           // a newer roster was asked for (a caller that may not cannot)
    std::string refresh_problem;  // why a refresh that was needed brought nothing
    std::optional<uid_t> node_uid;
    std::optional<std::int64_t> admitted_until;  // realtime, nanoseconds
    uid_t min_uid = 0;
    bool observing = false;

    bool allowed() const { return verdict == Verdict::allow; }
};

std::span<const ReasonRow> reasons();
std::string_view name_of(Verdict verdict);
std::string_view name_of(Reason reason);
std::string_view name_of(Evidence evidence);
Verdict verdict_of(Reason reason);  // of a number that is no reason: unavailable

}  // namespace together
