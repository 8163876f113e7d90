// SPDX-License-Identifier: Apache-2.0
// Runs together-authorizer until it is told to stop.
#pragma once

#include <string>

#include "common/system/result.h"

namespace together::authorizer {

struct ServeFailure {
    std::string message;
    bool is_configuration = false;
};

// Prints "listening on …" to standard output for each listener. Blocks until SIGTERM or SIGINT and
// what was under way has been answered.
tl::expected<void, ServeFailure> serve(const std::string& config_path);

}  // namespace together::authorizer
