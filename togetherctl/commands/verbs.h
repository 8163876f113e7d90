// SPDX-License-Identifier: Apache-2.0
// What togetherctl can do: one Verb each, in a file of its own.
#pragma once

#include "cli/verb.h"

namespace together::ctl {

extern const Verb accounts_verb;
extern const Verb admit_verb;
extern const Verb api_check_verb;
extern const Verb check_verb;
extern const Verb config_verb;
extern const Verb decisions_verb;
extern const Verb disable_verb;
extern const Verb doctor_verb;
extern const Verb enable_verb;
extern const Verb explain_verb;
extern const Verb kubernetes_verb;
extern const Verb lockdown_verb;
extern const Verb permissions_verb;
extern const Verb refresh_verb;
extern const Verb roster_verb;
extern const Verb sessions_verb;
extern const Verb status_verb;
extern const Verb volumes_verb;

}  // namespace together::ctl
