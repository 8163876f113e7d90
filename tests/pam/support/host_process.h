// A host of its own for a test that would spoil this process: closed descriptors, signal handlers,
// other uids, another time namespace.
#pragma once

#include <functional>
#include <map>
#include <string>

struct HostReport {
    int answer = -1;
    int second_answer = -1;
    double seconds = 0;         // the first call took
    double second_seconds = 0;  // the one right after
    bool children_left = true;
    bool descriptors_left = true;
    bool signals_changed = true;
    bool done = false;  // false where the host died
};

// Forks, runs `body` there with a report in shared memory, waits for its end. Fails the test where
// it dies.
HostReport in_another_process(const std::function<void(HostReport&)>& body);

// Descriptor to what it leads to; of this process.
std::map<int, std::string> open_descriptors();
// Children that run or wait to be reaped.
bool has_children();
double seconds_of(const std::function<void()>& body);
