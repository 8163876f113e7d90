// SPDX-License-Identifier: Apache-2.0
// Timings and their summary.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

using Samples = std::vector<double>;  // microseconds

double percentile(Samples samples, double part);

// Microseconds that `work` took.
double time_of(const std::function<void()>& work);

// The same in a newly forked process, as sshd and its like do it; its first and only call. What the
// process does `before` is not counted.
double time_in_new_process(
    const std::function<void()>& work, const std::function<void()>& before = [] {});
long page_faults_in_new_process(
    const std::function<void()>& work, const std::function<void()>& before = [] {});
