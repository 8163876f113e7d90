// SPDX-License-Identifier: Apache-2.0
// A process of its own for a test that would spoil this process: closed descriptors, signal
// handlers, other uids, another time namespace.
#pragma once

#include <functional>
#include <map>
#include <string>

struct ApplicationReport {
    int answer = -1;
    int second_answer = -1;
    double seconds = 0;         // the first call took
    double second_seconds = 0;  // the one right after
    bool children_left = true;
    bool descriptors_left = true;
    bool signals_changed = true;
    bool done = false;  // false where the calling program died
};

// Forks, runs `body` there with a report in shared memory, waits for its end. Fails the test where
// it dies.
ApplicationReport in_another_process(const std::function<void(ApplicationReport&)>& body);

// Descriptor to what it leads to; of this process.
std::map<int, std::string> open_descriptors();
// The sanitizers make loading the module and starting a helper many times slower; their runs look
// for other things than speed and do with fewer rounds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
// Children that run or wait to be reaped, one line for each; of this process. In sanitized runs
// only those that run on: a helper that was killed dies too slowly there to be reaped.
std::string children();
double seconds_of(const std::function<void()>& body);
