// SPDX-License-Identifier: Apache-2.0
// What tests of executed helpers need: a stopwatch, and a look at which children are left.
#pragma once

#include <dirent.h>
#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <set>
#include <string>

class Stopwatch {
  public:
    std::chrono::milliseconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start_);
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Whether `body` takes at least and less than so long. It is tried ten times: a busy machine may
// hold anybody up now and then, what exceeds its deadline each time does so itself.
template <class Body>
bool takes(std::chrono::milliseconds least, std::chrono::milliseconds most, const Body& body) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        const Stopwatch stopwatch;
        body();
        const auto elapsed = stopwatch.elapsed();
        if (elapsed < least) return false;
        if (elapsed < most) return true;
    }
    return false;
}

// No child of this process is there, running or waiting to be reaped. That a killed one ends too
// late to be reaped by whoever killed it is forgiven a few times in a run, for a busy machine's
// sake.
inline bool no_child_is_left() {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD) return true;
    static int late = 0;
    for (int i = 0; i < 200; ++i) {
        const pid_t reaped = ::waitpid(-1, nullptr, WNOHANG);
        if (reaped < 0) return late <= 5;
        if (reaped > 0) ++late;
        if (reaped == 0) ::poll(nullptr, 0, 10);  // sleeps: a step of waiting for their end
    }
    return false;
}

// Numbers of the open descriptors.
inline std::set<int> open_descriptors() {
    std::set<int> numbers;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), ::closedir);
    while (const dirent* entry = ::readdir(directory.get()))
        if (entry->d_name[0] != '.') numbers.insert(std::stoi(entry->d_name));
    numbers.erase(::dirfd(directory.get()));
    return numbers;
}
