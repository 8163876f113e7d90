// SPDX-License-Identifier: Apache-2.0
#include "common/decision/decision_report.h"

#include <unistd.h>

namespace together {

std::string decisions_socket(uid_t uid, const std::string& folder) {
    if (uid == 0) return folder + "/decisions.sock";
    return folder + "/decisions." + std::to_string(uid) + ".sock";
}

Sent report_decision(std::string_view line, const DatagramSocket& socket) {
    return socket.send(decisions_socket(::geteuid()), line);
}

}  // namespace together
