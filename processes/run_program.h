// SPDX-License-Identifier: Apache-2.0
// Runs another program, named by its absolute path. Its environment is PATH and LC_ALL, as fixed as
// the adapters make it, where nothing else is said; of our descriptors it gets the three standard
// ones at most.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together {

enum class ChildOutput {
    inherited,
    all_to_stderr,  // stdout belongs to a JSON document
};

// Its exit status, or why there is none. Waits as long as it takes: whoever sits at the terminal
// can interrupt both. stdin, stdout and stderr are passed on.
Result<int> run_program(const std::string& program, const std::vector<std::string>& arguments,
                        ChildOutput output);

struct CapturedRun {
    int status = 0;
    std::string output;  // what it wrote to stdout
};

// The same, its stdout read to its end. Fails where that is more than 1 MiB.
Result<CapturedRun> run_and_read(const std::string& program,
                                 const std::vector<std::string>& arguments);

// Of a program of the system (sshd -T, squeue, sacct): what it wrote to stdout, where it ended with
// 0 within `patience` (it is killed then) and wrote at most 16 MiB; else why there is nothing, with
// the first line of its stderr. Its stdin is /dev/null; `variable` is one more NAME=VALUE.
Result<std::string> output_of(const std::string& program, const std::vector<std::string>& arguments,
                              std::chrono::seconds patience, const std::string& variable = {});

// The same of a program that acts for the caller (kubectl): at most 64 MiB, with the caller's own
// environment and `input` at its stdin; of its stderr the last line, before which kubectl's library
// writes its own.
Result<std::string> output_as_caller(const std::string& program,
                                     const std::vector<std::string>& arguments,
                                     std::chrono::seconds patience, std::string_view input);

}  // namespace together
