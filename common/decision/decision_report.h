// SPDX-License-Identifier: Apache-2.0
// Tells together-refresh --watch of a decision, which counts it (togetherctl decisions).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "common/system/datagram_socket.h"

namespace together {

// root's, 0755.
inline constexpr const char* decisions_folder = "/run/together";
// The last of them, 0600: a line each, of fields as in the log, "time" and "sender" (a uid) first.
inline constexpr const char* decisions_journal = "/run/together/decisions";
// Larger than it gets: a thousand lines of each sender ([metrics] senders), and a thousand more.
inline constexpr std::size_t max_decisions_journal = std::size_t{64} * 1024 * 1024;
// Of who counts them.
inline constexpr const char* decisions_lock = "/run/together/decisions.lock";

// Where the decisions of programs of `uid` are taken: a socket that only this user can write to, so
// who sent a decision is never a question.
std::string decisions_socket(uid_t uid, const std::string& folder = decisions_folder);

// `line` is log_line()'s; where it stands for several alike, with "times" behind. Never waits:
// where nobody reads, or not fast enough, the count is lost.
Sent report_decision(std::string_view line, const DatagramSocket& socket = DatagramSocket());

}  // namespace together
