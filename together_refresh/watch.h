// SPDX-License-Identifier: Apache-2.0
// together-refresh --watch: rounds for ever, in the foreground.
#pragma once

#include "together_refresh/round.h"

namespace together {

// Until SIGTERM or SIGINT; reads the configuration anew each round, so that neither a new token nor
// a new configuration needs a restart. Returns the exit status.
int watch(const RefreshOptions& options, Clock& clock, const RefreshLog& log);

}  // namespace together
