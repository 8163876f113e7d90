// The lock: the check on the node, as root, when a task starts. It alone can refuse in a way that
// fails the job and leaves the node alone.
#pragma once

#include <optional>

#include "gate.h"
#include "held_folders.h"
#include "slurm_host.h"
#include "spank_arguments.h"

namespace together {

class NodeCheck {
  public:
    // In slurmstepd's `init`, on the node's own mounts. Never fails: what is wrong with arguments
    // or configuration is the answer that the tasks get.
    explicit NodeCheck(const SpankArguments& arguments);

    // In `task_init_privileged`, in the task's forked process, which may be inside the job's mount
    // namespace. 0, or -1: any other value let the task run up to Slurm 24.11. May wait up to
    // `deadline` for a refresh. The first task of a node tells the user and the log.
    int check_task(spank_t spank);

  private:
    Decision decide(uid_t uid);

    SpankArguments arguments_;
    Result<Config> config_;
    std::optional<HeldFolders> held_;
};

}  // namespace together
