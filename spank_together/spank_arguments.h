// SPDX-License-Identifier: Apache-2.0
// What stands behind spank_together.so in plugstack.conf:
//
//   config=PATH  another configuration than /etc/together/together.conf; absolute
//
// Slurm splits the line at blanks and knows no quotes. An argument that is unknown, bad or stands
// twice makes the node's check answer "unavailable": a typing error must not loosen the gate.
#pragma once

#include <span>
#include <string>

#include "common/config/config.h"

namespace together {

struct SpankArguments {
    std::string config_path = default_config_path;
    std::string problem;  // what is wrong with the first wrong one; empty where all are right
};

SpankArguments parse_spank_arguments(std::span<char* const> given);

}  // namespace together
