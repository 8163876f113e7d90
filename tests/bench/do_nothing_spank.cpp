// SPDX-License-Identifier: Apache-2.0
// A SPANK plug-in with our hooks that does nothing: what having one costs.
#include "spank_together/slurm_api.h"

#define EXPORTED extern "C" [[gnu::visibility("default")]]

EXPORTED const char plugin_name[] = "nothing";
EXPORTED const char plugin_type[] = "spank";
EXPORTED const unsigned int plugin_version = SLURM_VERSION_NUMBER;
EXPORTED const unsigned int spank_plugin_version = 1;

EXPORTED int slurm_spank_init(spank_t, int, char**) {
    return 0;
}

EXPORTED int slurm_spank_task_init_privileged(spank_t, int, char**) {
    return 0;
}
