// SPDX-License-Identifier: Apache-2.0
#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace {

// In the sandbox's own copy of /etc.
void add_accounts() {
    std::ofstream passwd("/etc/passwd", std::ios::app);
    for (const auto* account : {"alice:x:10001", "bob:x:10002", "carol:x:10003", "dave:x:10004"})
        passwd << account << ":100::/nonexistent:/bin/false\n";
}

}  // namespace

int main(int argc, char** argv) {
    if (std::getenv("TOGETHER_SANDBOX") == nullptr || ::geteuid() != 0) {
        std::cerr << "pam_tests change /etc and /dev: run them as root, as\n"
                     "  scripts/sandbox "
                  << argv[0] << " -c\n";
        return EXIT_FAILURE;
    }
    add_accounts();
    // The sanitizers find leaks; CppUTest's detector misreads std types that allocate late.
    MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
    return CommandLineTestRunner::RunAllTests(argc, argv);
}
