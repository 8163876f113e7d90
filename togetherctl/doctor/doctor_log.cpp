// SPDX-License-Identifier: Apache-2.0
// Where the gate's log lines go.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/system/file_descriptor.h"
#include "common/system/log_sink.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/node/node_status.h"

namespace together::ctl {
namespace {

using namespace together;

// Connects and sends nothing.
bool somebody_reads(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                               sizeof address) == 0;
}

bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

void check_log(const Patient& patient, Findings& findings) {
    const LogPaths paths;
    const auto folder = paths.fallback.substr(0, paths.fallback.rfind('/'));
    if (somebody_reads(paths.socket))
        findings.ok("log", "decisions go to " + paths.socket + ", facility authpriv");
    else if (::access(paths.socket.c_str(), F_OK) == 0)
        findings.warn("log", "nobody reads " + paths.socket + "; decisions go to " + paths.fallback,
                      "who looks into the system's log misses them",
                      "systemctl restart systemd-journald rsyslog");
    else if (is_folder(folder))
        findings.tell("log", "there is no " + paths.socket +
                                 ": decisions go to sshd's stderr where that is a log, else to " +
                                 paths.fallback);
    else
        findings.warn("log", "there is neither " + paths.socket + " nor " + folder,
                      "decisions are logged only where sshd's stderr is a log",
                      "install -d -m 750 " + folder);
    const auto dropped = look_at_node(patient.config).dropped_log_lines;
    if (dropped.value_or(0) > 0)
        findings.warn("log_dropped", std::to_string(*dropped) + " log lines were dropped",
                      "the system's log did not take them in time; decisions are missing in it",
                      "fix the log's reader, then rm " + paths.dropped);
    else
        findings.ok("log_dropped", dropped ? "none" : "unknown (this user may not look)");
}

}  // namespace together::ctl
