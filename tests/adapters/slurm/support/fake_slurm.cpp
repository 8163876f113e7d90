// SPDX-License-Identifier: Apache-2.0
#include "tests/adapters/slurm/support/fake_slurm.h"

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

#define SLURM_EXPORT extern "C" [[gnu::visibility("default")]]

FakeSlurm& fake_slurm() {
    static FakeSlurm slurm;
    return slurm;
}

void FakeSlurm::reset() {
    context = S_CTX_REMOTE;
    job_uid = 10001;
    local_task = 0;
    step = 7;
    tells_whose_job = true;
    infos.clear();
    errors.clear();
    told.clear();
    job_environment.clear();
}

namespace {

[[gnu::format(printf, 2, 0)]] void keep(std::vector<std::string>& lines, const char* format,
                                        va_list arguments) {
    char line[4096];
    std::vsnprintf(line, sizeof line, format, arguments);
    const std::lock_guard lock(fake_slurm().mutex);
    lines.emplace_back(line);
}

}  // namespace

SLURM_EXPORT void slurm_info(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    keep(fake_slurm().infos, format, arguments);
    va_end(arguments);
}

SLURM_EXPORT void slurm_error(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    keep(fake_slurm().errors, format, arguments);
    va_end(arguments);
}

SLURM_EXPORT void slurm_spank_log(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    keep(fake_slurm().told, format, arguments);
    va_end(arguments);
}

SLURM_EXPORT char* slurm_xstrdup(const char* text) {
    return ::strdup(text);
}

SLURM_EXPORT spank_context_t spank_context() {
    return fake_slurm().context;
}

// Slurm's own signature, an enumeration before the dots.
#pragma GCC diagnostic ignored "-Wvarargs"
SLURM_EXPORT spank_err_t spank_get_item(spank_t, spank_item_t item, ...) {
    if (!fake_slurm().tells_whose_job) return static_cast<spank_err_t>(ESPANK_NOT_AVAIL);
    va_list arguments;
    va_start(arguments, item);
    switch (item) {
        case S_JOB_UID:
            *va_arg(arguments, uid_t*) = fake_slurm().job_uid;
            break;
        case S_TASK_ID:
            *va_arg(arguments, int*) = fake_slurm().local_task;
            break;
        case S_JOB_STEPID:
            *va_arg(arguments, std::uint32_t*) = fake_slurm().step;
            break;
        default:
            *va_arg(arguments, std::uint32_t*) = 7;
            break;
    }
    va_end(arguments);
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

SLURM_EXPORT spank_err_t spank_setenv(spank_t, const char* name, const char* value, int) {
    fake_slurm().job_environment[name] = value;
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}

SLURM_EXPORT spank_err_t spank_unsetenv(spank_t, const char* name) {
    fake_slurm().job_environment.erase(name);
    return static_cast<spank_err_t>(ESPANK_SUCCESS);
}
