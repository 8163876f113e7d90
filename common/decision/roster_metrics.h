// SPDX-License-Identifier: Apache-2.0
// What a node holds, in Prometheus' text format.
#pragma once

#include <string>
#include <string_view>

#include "common/config/config.h"
#include "common/system/clock.h"

namespace together {

// One gauge without labels: together_NAME.
std::string gauge(std::string_view name, std::string_view help, const std::string& value);

// Whether the roster can decide, its age, entries and revision. Null: there is no valid
// configuration. Opens the roster's files.
std::string roster_metrics(const Config* config, Clock& clock);

}  // namespace together
