// SPDX-License-Identifier: Apache-2.0
// The SPANK adapter: what Slurm looks up in it. One file is loaded into srun, salloc, sbatch,
// slurmd and slurmstepd; the context says where we are. No other hook is exported: a failure in
// most of them drains the node.
#include <memory>

#include "spank_together/client_check.h"
#include "spank_together/step_check.h"

#define TOGETHER_SPANK_SYMBOL extern "C" [[gnu::visibility("default")]]

namespace together {
namespace {

constexpr const char* name = "spank_together";

// slurmstepd's, made in `init` and inherited by the tasks that it forks.
std::unique_ptr<StepCheck> node_check;

// slurmd cannot refuse anybody: it tells at its start what the steps would run into.
void check_slurmd(const SpankArguments& arguments) {
    SlurmLog log(name);
    if (!arguments.problem.empty())
        log.error("plugstack.conf: " + arguments.problem + ": every task is refused");
    else if (const auto config = load_config(arguments.config_path); !config)
        log.error(config.error().message + ": every task is refused");
}

int enter(spank_t spank, const SpankArguments& arguments) {
    switch (::spank_context()) {
        case S_CTX_REMOTE:
            node_check = std::make_unique<StepCheck>(spank, arguments);
            return 0;
        case S_CTX_LOCAL:
        case S_CTX_ALLOCATOR:
            return check_client(arguments);
        case S_CTX_SLURMD:
            check_slurmd(arguments);
            return 0;
        default:
            return 0;
    }
}

}  // namespace
}  // namespace together

// SPANK_PLUGIN() would give these internal linkage in C++.
TOGETHER_SPANK_SYMBOL const char plugin_name[] = "together";
TOGETHER_SPANK_SYMBOL const char plugin_type[] = "spank";
TOGETHER_SPANK_SYMBOL const unsigned int plugin_version = SLURM_VERSION_NUMBER;
TOGETHER_SPANK_SYMBOL const unsigned int spank_plugin_version = 1;

// Never an error but in a client, where it is the refusal: elsewhere it would drain the node.
TOGETHER_SPANK_SYMBOL int slurm_spank_init(spank_t spank, int argc, char** argv) {
    const int answer = together::guarded(together::name, 0, [&] {
        return together::enter(
            spank, together::parse_spank_arguments({argv, static_cast<std::size_t>(argc)}));
    });
    // An exception ended it: the tasks are refused, and so is what slurmstepd runs as their user.
    if (::spank_context() == S_CTX_REMOTE && !together::node_check)
        together::guarded(together::name, 0, [] {
            together::bar_from_becoming(std::nullopt);
            return 0;
        });
    return answer;
}

TOGETHER_SPANK_SYMBOL int slurm_spank_task_init_privileged(spank_t spank, int, char**) {
    return together::guarded(together::name, -1, [&] {
        if (together::node_check) return together::node_check->check_task(spank);
        ::slurm_error("%s: its start failed: every task is refused", together::name);
        return -1;
    });
}
