// SPDX-License-Identifier: Apache-2.0
// A child of ours, what it writes to us, and its end: the one way in which togetherctl runs one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/system/result.h"

namespace together {

struct ChildLimits {
    // From its start; else it is waited for as long as it takes.
    std::optional<std::chrono::milliseconds> patience;
    std::size_t max_output = std::size_t{1024} * 1024;  // of all its pipes
};

struct ChildRun {
    enum class End { by_itself, out_of_time, wrote_too_much };
    End end = End::by_itself;         // else it was killed
    int status = 0;                   // of waitpid(2)
    std::vector<std::string> output;  // what came through each pipe, to its end
};

// In the child, with the writing end of each pipe: descriptors above 2 that a program does not
// inherit. Returns its exit status, or executes something.
using ChildBody = std::function<int(const std::vector<int>& pipes)>;

// Forks, reads all pipes until the child has closed them, and waits for it. The child is a copy of
// us: one of a single thread may do there what it likes. Fails where nothing could be started.
Result<ChildRun> run_child(std::size_t pipes, const ChildLimits& limits, const ChildBody& body);

}  // namespace together
