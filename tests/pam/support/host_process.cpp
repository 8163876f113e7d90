#include "host_process.h"

#include <CppUTest/TestHarness.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>

HostReport in_another_process(const std::function<void(HostReport&)>& body) {
    void* memory = ::mmap(nullptr, sizeof(HostReport), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& shared = *new (memory) HostReport;
    const pid_t host = ::fork();
    if (host == 0) {
        try {
            body(shared);
            shared.done = true;
        } catch (const std::exception& error) {
            std::cerr << error.what() << "\n";
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(host, &status, 0);
    const HostReport report = shared;
    ::munmap(memory, sizeof(HostReport));
    if (!report.done)
        FAIL(("the host process ended with wait status " + std::to_string(status)).c_str());
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

bool has_children() {
    // Without reaping: a zombie is a child that was left.
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

double seconds_of(const std::function<void()>& body) {
    const auto started = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}
