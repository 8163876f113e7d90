// SPDX-License-Identifier: Apache-2.0
// What api-check runs in the unprivileged child: a source of rosters that gives none, but notes
// what a node would think of the authority (conformance.h).
#pragma once

#include <memory>

#include "together_refresh/source/fetch.h"

namespace together {

std::unique_ptr<RosterSource> conformance_source_for(const Config& config, int roster_file);

}  // namespace together
