// SPDX-License-Identifier: Apache-2.0
#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>
#include <CppUTest/TestRegistry.h>

#include "cli/verb.h"

const std::string_view together::program_name = "unit_tests";

int main(int argc, char** argv) {
    // The sanitizers find leaks; CppUTest's detector misreads std types that allocate late.
    MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
    return CommandLineTestRunner::RunAllTests(argc, argv);
}
