// SPDX-License-Identifier: Apache-2.0
// By when something must be over, on a clock that nobody sets.
#pragma once

#include <chrono>

namespace together {

using Deadline = std::chrono::steady_clock::time_point;

}  // namespace together
