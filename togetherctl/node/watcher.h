// SPDX-License-Identifier: Apache-2.0
// Who keeps this node's roster fresh, and its accounts and keys with it.
#pragma once

#include "common/config/config.h"

namespace together::ctl {

// Whether together-refresh --watch runs for that configuration, among the processes that can be
// seen.
bool watcher_runs(const together::Config& config);

inline constexpr const char* start_watcher = "systemctl enable --now together-refresh.service";

}  // namespace together::ctl
