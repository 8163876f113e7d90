// SPDX-License-Identifier: Apache-2.0
// The step check: on the node, as root, when a step starts. Decided in slurmstepd's `init`,
// on the node's own mounts and out of the user's reach: a task's process is inside the job's
// container, whose user could stop it (scancel --signal=STOP) while it holds the refresh lock and
// keep the whole node from refreshing. Refused in `task_init_privileged`, the only hook that fails
// the job and leaves the node alone. That stops the tasks and not what slurmstepd itself runs as
// the user (a task's epilog), so that in a refused step nobody can become him at all.
#pragma once

#include <chrono>
#include <optional>

#include "common/decision/gate.h"
#include "spank_together/slurm_api.h"
#include "spank_together/spank_arguments.h"

namespace together {

// In slurmstepd: nobody in it becomes that user from now on, or any at all where it is not known
// who he is. Where the system does not allow it, that is told loudly in the log.
void bar_from_becoming(std::optional<uid_t> uid);

class StepCheck {
  public:
    // In `init`. Never fails: what is wrong is the answer that the tasks get. May wait up to
    // `deadline` for a refresh. Where it refuses, this process is barred from becoming the user.
    StepCheck(spank_t spank, const SpankArguments& arguments);

    // In `task_init_privileged`. 0, or -1: any other value let the task run up to Slurm 24.11. The
    // first task of a node tells the user and the log.
    int check_task(spank_t spank) const;

  private:
    static Decision decide(uid_t uid, const SpankArguments& arguments);

    std::optional<Decision> decision_;  // none where Slurm does not tell whose step it is
    std::chrono::microseconds took_{};
};

}  // namespace together
