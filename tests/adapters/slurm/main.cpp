// SPDX-License-Identifier: Apache-2.0
#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    if (std::getenv("TOGETHER_SANDBOX") == nullptr || ::geteuid() != 0) {
        std::fprintf(stderr,
                     "slurm_tests change /etc/together: run them as root, as\n"
                     "  scripts/sandbox %s -c\n",
                     argv[0]);
        return EXIT_FAILURE;
    }
    // The sanitizers find leaks; CppUTest's detector misreads std types that allocate late.
    MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
    return CommandLineTestRunner::RunAllTests(argc, argv);
}
