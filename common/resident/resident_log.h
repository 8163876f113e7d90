// SPDX-License-Identifier: Apache-2.0
// Where a gate that lives long says what happens to it. A seam: Slurm has a log of its own, tests
// keep the lines.
#pragma once

#include <string>

namespace together {

class ResidentLog {
  public:
    virtual ~ResidentLog() = default;
    virtual void info(const std::string& line) = 0;
    virtual void error(const std::string& line) = 0;
};

}  // namespace together
