// SPDX-License-Identifier: Apache-2.0
// What stands behind pam_together.so in a service file:
//
//   config=PATH    another configuration than /etc/together/together.conf; absolute
//   require=admin  after an allow from the roster, deny any role but admin
//   quiet          no message to the user
//   debug          one more log line for each call: the arguments
//
// An argument that is unknown, bad or given twice makes the module answer "unavailable": a typing
// error must not loosen the gate.
#pragma once

#include <span>
#include <string>

#include "common/config/config.h"

namespace together {

struct ModuleArguments {
    std::string config_path = default_config_path;
    bool require_admin = false;
    bool quiet = false;
    bool debug = false;
    std::string problem;  // what is wrong with the first wrong one; empty where all are right
    std::string as_given;
};

// The right ones are in force even beside a wrong one: `quiet` is.
ModuleArguments parse_arguments(std::span<const char* const> arguments);

}  // namespace together
