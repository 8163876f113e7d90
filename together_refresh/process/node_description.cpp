// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/node_description.h"

#include "common/config/node_name.h"
#include "common/decision/emergency.h"

namespace together {

std::string node_description(const Config& config) {
    const bool locked = lockdown_in_force(config.folder()).has_value();
    const char* mode = config.mode == Mode::observe ? "observe" : "enforce";
    return "name=" + node_name_of(config) +
           "; version=" TOGETHER_VERSION "; mode=" + (locked ? "lockdown" : mode);
}

}  // namespace together
