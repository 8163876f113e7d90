// SPDX-License-Identifier: Apache-2.0
// Where an adapter's log lines go. Never syslog(3): it blocks its calling program without end when
// nobody reads /dev/log (seen), and sshd must not hang because of a log.
//
// One non-blocking datagram to /dev/log; dropped and counted where its queue is full. Where there
// is no /dev/log: the calling program's stderr, if somebody reads it as a log; else a file.
#pragma once

#include <string>
#include <string_view>

#include "common/system/datagram_socket.h"

namespace together {

struct LogPaths {
    std::string socket = "/dev/log";
    std::string fallback = "/var/log/together/decisions.log";
    // One byte is appended for each line that was dropped: its size is their number, whatever
    // process dropped them.
    std::string dropped = "/var/log/together/dropped";
};

enum class LogLevel { alert = 1, warning = 4, notice = 5, info = 6 };  // syslog's numbers

// Sends one line, tagged "ident[pid]", facility authpriv. `stderr_is_a_log` is false in calling
// programs whose stderr is the invoker's (sudo, su). Never blocks, never fails the caller.
// Thread-safe, where each thread has a `socket` of its own.
void send_log_line(LogLevel level, std::string_view ident, std::string_view line,
                   bool stderr_is_a_log, const LogPaths& paths = {},
                   const DatagramSocket& socket = DatagramSocket());

}  // namespace together
