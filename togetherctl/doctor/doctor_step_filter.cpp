// SPDX-License-Identifier: Apache-2.0
// Whether this system lets a refused step be kept from becoming its user.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "common/system/setuid_filter.h"
#include "processes/child.h"
#include "togetherctl/doctor/doctor_checks.h"

namespace together::ctl {
namespace {

using namespace together;

enum Probe { holds, not_set, does_not_hold };

// In a child: the filter cannot be taken back.
int probe_in_child() {
    constexpr uid_t somebody = 65534;
    if (!forbid_becoming(somebody)) return not_set;
    return ::setresuid(somebody, somebody, somebody) != 0 && errno == EPERM ? holds : does_not_hold;
}

int probe() {
    const auto run = run_child(0, {}, [](const auto&) { return probe_in_child(); });
    return run && WIFEXITED(run->status) ? WEXITSTATUS(run->status) : not_set;
}

}  // namespace

void check_step_filter(Findings& findings) {
    if (::geteuid() != 0) return findings.tell("step_filter", "only root can tell");
    if (probe() == holds)
        return findings.ok("step_filter", "a refused step can be kept from becoming its user");
    findings.fail("step_filter", "this system does not allow a filter of system calls (seccomp)",
                  "a refused user's task epilog (srun --task-epilog) still runs on this node",
                  "use a kernel with CONFIG_SECCOMP_FILTER, on x86_64 or aarch64");
}

}  // namespace together::ctl
