// SPDX-License-Identifier: Apache-2.0
// A plan, shown and carried out.
#pragma once

#include <json/value.h>

#include <vector>

#include "cli/output.h"
#include "togetherctl/enabling/gate_target.h"

namespace together::ctl {

// How far an edit got.
enum class Carried {
    out,        // done, or nothing was to do
    elsewhere,  // the file is managed by something else: its lines are shown
    not_out,
};

struct CarriedOut {
    Carried how = Carried::out;
    std::vector<std::string> done;       // a line for each file that was replaced
    std::vector<std::string> warnings;   // about those
    std::vector<std::string> elsewhere;  // why a file could not be
    std::string problem;
};

// The change as a diff, each file's; and the notes.
void show_plan(const Plan& plan, Output& output);
Json::Value json_of(const Plan& plan);

// Backup first. Stops at the first file that fails.
CarriedOut carry_out(const Plan& plan, bool enable);
void show(const Plan& plan, const CarriedOut& result, Output& output);

}  // namespace together::ctl
