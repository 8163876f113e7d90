// SPDX-License-Identifier: Apache-2.0
#include "tests/adapters/pam/support/pam_application.h"

#include <CppUTest/TestHarness.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>

ApplicationReport in_another_process(const std::function<void(ApplicationReport&)>& body) {
    void* memory = ::mmap(nullptr, sizeof(ApplicationReport), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& shared = *new (memory) ApplicationReport;
    const pid_t application = ::fork();
    if (application == 0) {
        try {
            body(shared);
            shared.done = true;
        } catch (const std::exception& error) {
            std::cerr << error.what() << "\n";
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(application, &status, 0);
    const ApplicationReport report = shared;
    ::munmap(memory, sizeof(ApplicationReport));
    if (!report.done)
        FAIL(("the process ended with wait status " + std::to_string(status)).c_str());
    return report;
}

std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> open;
    DIR* directory = ::opendir("/proc/self/fd");
    while (const dirent* entry = ::readdir(directory)) {
        if (entry->d_name[0] == '.' || std::stoi(entry->d_name) == ::dirfd(directory)) continue;
        char target[256] = {};
        if (::readlinkat(::dirfd(directory), entry->d_name, target, sizeof target - 1) > 0)
            open[std::stoi(entry->d_name)] = target;
    }
    ::closedir(directory);
    return open;
}

namespace {

bool runs_on(const std::string& status) {
    return status[status.rfind(')') + 2] != 'Z';
}

std::string children_now() {
    std::string lines;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream pids(thread.path() / "children");
        for (std::string pid, status; pids >> pid;)
            if (std::getline(std::ifstream("/proc/" + pid + "/stat") >> std::ws, status) &&
                (runs_on(status) || !sanitized))
                lines += status.substr(0, 40) + "\n";
    }
    return lines;
}

}  // namespace

std::string children() {
    std::string lines = children_now();
    for (int i = 0; sanitized && i < 500 && !lines.empty(); ++i) {
        ::usleep(10'000);  // sleeps: a step of waiting for their end
        lines = children_now();
    }
    return lines;
}

double seconds_of(const std::function<void()>& body) {
    const auto started = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}
