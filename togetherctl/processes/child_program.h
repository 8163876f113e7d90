// SPDX-License-Identifier: Apache-2.0
// Runs a program of ours in the foreground.
#pragma once

#include <string>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

enum class ChildOutput {
    inherited,
    all_to_stderr,  // stdout belongs to a JSON document
};

// Its exit status, or why there is none. Waits as long as it takes: whoever sits at the terminal
// can interrupt both. stdin, stdout and stderr are passed on, nothing else; the environment is as
// fixed as the adapters make it.
together::Result<int> run_program(const std::string& program,
                                  const std::vector<std::string>& arguments, ChildOutput output);

struct CapturedRun {
    int status = 0;
    std::string output;  // what it wrote to stdout, at most 1 MiB
};

// The same, its stdout read to its end.
together::Result<CapturedRun> run_and_read(const std::string& program,
                                           const std::vector<std::string>& arguments);

}  // namespace together::ctl
