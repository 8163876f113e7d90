// The lock: the check on the node, as root, when a step starts. Decided in slurmstepd's `init`,
// on the node's own mounts and out of the user's reach: a task's process is inside the job's
// container, whose user could stop it (scancel --signal=STOP) while it holds the refresh lock and
// keep the whole node from refreshing. Refused in `task_init_privileged`, the only hook that fails
// the job and leaves the node alone.
#pragma once

#include <chrono>
#include <optional>

#include "gate.h"
#include "slurm_host.h"
#include "spank_arguments.h"

namespace together {

class NodeCheck {
  public:
    // In `init`. Never fails: what is wrong is the answer that the tasks get. May wait up to
    // `deadline` for a refresh.
    NodeCheck(spank_t spank, const SpankArguments& arguments);

    // In `task_init_privileged`. 0, or -1: any other value let the task run up to Slurm 24.11. The
    // first task of a node tells the user and the log.
    int check_task(spank_t spank) const;

  private:
    static Decision decide(uid_t uid, const SpankArguments& arguments);

    std::optional<Decision> decision_;  // none where Slurm does not tell whose step it is
    std::chrono::microseconds took_{};
};

}  // namespace together
