// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/request_limits.h"

#include <algorithm>

namespace together {

using namespace std::chrono_literals;

Nanoseconds fetch_limit(const Config& config, RefreshKind kind) {
    if (kind != RefreshKind::on_demand) return 60s;
    return config.deadline - std::max<Nanoseconds>(50ms, config.deadline / 10);
}

std::chrono::seconds long_poll_wait(const Config& config) {
    return std::min(std::chrono::duration_cast<std::chrono::seconds>(config.fresh_for * 4 / 5),
                    25s);
}

}  // namespace together
