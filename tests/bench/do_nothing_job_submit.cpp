// SPDX-License-Identifier: Apache-2.0
// A job_submit plug-in that lets everybody submit: what having one costs.
#include <cstdint>

#include "spank_together/slurm_api.h"

#define EXPORTED extern "C" [[gnu::visibility("default")]]

EXPORTED const char plugin_name[] = "nothing";
EXPORTED const char plugin_type[] = "job_submit/nothing";
EXPORTED const std::uint32_t plugin_version = SLURM_VERSION_NUMBER;

EXPORTED int init() {
    return SLURM_SUCCESS;
}

EXPORTED int fini() {
    return SLURM_SUCCESS;
}

EXPORTED int job_submit(job_desc_msg_t*, std::uint32_t, char**) {
    return SLURM_SUCCESS;
}

// The fourth argument since 23.02 is not looked at.
EXPORTED int job_modify(job_desc_msg_t*, void*, std::uint32_t) {
    return SLURM_SUCCESS;
}
