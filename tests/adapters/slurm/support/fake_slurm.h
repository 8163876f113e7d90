// SPDX-License-Identifier: Apache-2.0
// Slurm as the adapters see it, written by hand: what they call is kept, what they ask is answered
// from here. Exported from the test program, so that a loaded adapter finds it as it finds Slurm.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "spank_together/slurm_api.h"

// One for the whole program; its lists may be added to by any thread.
struct FakeSlurm {
    spank_context_t context = S_CTX_REMOTE;
    uid_t job_uid = 10001;
    int local_task = 0;
    std::uint32_t step = 7;
    bool tells_whose_job = true;

    std::vector<std::string> infos;
    std::vector<std::string> errors;
    std::vector<std::string> told;  // slurm_spank_log: to the user
    std::map<std::string, std::string> job_environment;
    std::mutex mutex;

    void reset();
};

FakeSlurm& fake_slurm();
