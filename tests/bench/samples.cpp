// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/samples.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

double percentile(Samples samples, double part) {
    std::sort(samples.begin(), samples.end());
    return samples.at(static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1)));
}

double time_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
        .count();
}

namespace {

// What `measured` returns in a child that ends with it.
template <class Number>
Number in_new_process(const std::function<Number()>& measured) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const pid_t pid = ::fork();
    if (pid == 0) {
        const Number result = measured();
        ::_exit(::write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }
    ::close(ends[1]);
    Number result{};
    const bool read = ::read(ends[0], &result, sizeof result) == sizeof result;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!read || status != 0) std::abort();
    return result;
}

long page_faults_so_far() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

}  // namespace

double time_in_new_process(const std::function<void()>& work, const std::function<void()>& before) {
    return in_new_process<double>([&] {
        before();
        return time_of(work);
    });
}

long page_faults_in_new_process(const std::function<void()>& work,
                                const std::function<void()>& before) {
    return in_new_process<long>([&] {
        before();
        const long faults = page_faults_so_far();
        work();
        return page_faults_so_far() - faults;
    });
}
