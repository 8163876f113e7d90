// SPDX-License-Identifier: Apache-2.0
// A decision as JSON: the field names are stable.
#pragma once

#include <json/value.h>

#include "togetherctl/node/gate_answer.h"

namespace together::ctl {

Json::Value json_of(const GateAnswer& answer);

}  // namespace together::ctl
