// SPDX-License-Identifier: Apache-2.0
#include "common/decision/decision_report.h"

#include <unistd.h>

namespace together {

std::string decisions_socket(uid_t uid, const std::string& folder) {
    if (uid == 0) return folder + "/decisions.sock";
    return folder + "/decisions." + std::to_string(uid) + ".sock";
}

void report_decision(std::string_view line, const DatagramSocket& socket) {
    static_cast<void>(socket.send(decisions_socket(::geteuid()), line));
}

}  // namespace together
