// SPDX-License-Identifier: Apache-2.0
// Takes the place of the system's logger while it lives: binds /dev/log.
#pragma once

#include <string>
#include <vector>

#include "common/system/file_descriptor.h"

class LogCollector {
  public:
    LogCollector();
    ~LogCollector();
    LogCollector(const LogCollector&) = delete;
    LogCollector& operator=(const LogCollector&) = delete;

    // What pam_together has sent since the last call. A datagram is there when its sender goes on.
    std::vector<std::string> take();
    // The only line; fails the test where there are more or none.
    std::string take_one();

  private:
    together::FileDescriptor socket_;
};

// Whether a line of key=value fields has this one.
bool has_field(const std::string& line, const std::string& field);
