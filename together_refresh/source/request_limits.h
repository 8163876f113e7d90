// SPDX-License-Identifier: Apache-2.0
// How long a node asks, and how long it lets the authority wait.
#pragma once

#include <chrono>

#include "common/config/config.h"
#include "together_refresh/process/options.h"

namespace together {

// How long a round may take. An adapter's deadline is the outer one: the helper's own must be
// shorter, so that it can still write its last attempt before it is killed.
Nanoseconds fetch_limit(const Config& config, RefreshKind kind);

// How long a watcher lets the authority hold its request: less than fresh_for, so that the roster
// stays fresh while nothing happens. Zero where fresh_for leaves no time: it polls.
std::chrono::seconds long_poll_wait(const Config& config);

}  // namespace together
