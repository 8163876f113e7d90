// SPDX-License-Identifier: Apache-2.0
// Where the gate's log lines go.
#include <unistd.h>

#include "common/system/folder_of.h"
#include "common/system/log_sink.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/node/log_place.h"
#include "togetherctl/node/node_status.h"

namespace together::ctl {
using namespace together;

void check_log(const Patient& patient, Findings& findings) {
    const LogPaths paths;
    const auto folder = folder_of(paths.fallback);
    if (const auto missing = no_place_for_log_lines(); !missing.empty())
        findings.warn("log", missing, "decisions are logged only where sshd's stderr is a log",
                      "install -d -m 750 " + folder);
    else if (somebody_reads(paths.socket))
        findings.ok("log", "decisions go to " + paths.socket + ", facility authpriv");
    else if (::access(paths.socket.c_str(), F_OK) == 0)
        findings.warn("log", "nobody reads " + paths.socket + "; decisions go to " + paths.fallback,
                      "who looks into the system's log misses them",
                      "systemctl restart systemd-journald rsyslog");
    else
        findings.tell("log", "there is no " + paths.socket +
                                 ": decisions go to sshd's stderr where that is a log, else to " +
                                 paths.fallback);
    const auto dropped = look_at_node(patient.config).dropped_log_lines;
    if (dropped.value_or(0) > 0)
        findings.warn("log_dropped", std::to_string(*dropped) + " log lines were dropped",
                      "the system's log did not take them in time; decisions are missing in it",
                      "fix the log's reader, then rm " + paths.dropped);
    else
        findings.ok("log_dropped", dropped ? "none" : "unknown (this user may not look)");
}

}  // namespace together::ctl
