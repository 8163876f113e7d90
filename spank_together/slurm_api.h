// SPDX-License-Identifier: Apache-2.0
// Slurm as its plug-ins see it: the public headers as C++ can take them, and Slurm's own log.
#pragma once

#include <exception>
#include <string>

#include "common/resident/resident_log.h"

extern "C" {
// spank.h declares its hooks outside its own extern "C".
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <slurm/spank.h>

// Exported by every Slurm, declared in none of its public headers. What slurmctld frees must come
// from here: with malloc's memory it aborts.
char* slurm_xstrdup(const char* text);
}

namespace together {

// Thread-safe as Slurm's log is. `name` stands before each line, so that one can search for it.
class SlurmLog : public ResidentLog {
  public:
    explicit SlurmLog(const char* name) : name_(name) {}
    void info(const std::string& line) override { ::slurm_info("%s: %s", name_, line.c_str()); }
    void error(const std::string& line) override { ::slurm_error("%s: %s", name_, line.c_str()); }

  private:
    const char* name_;
};

// Runs an entry point's body: what it throws would end slurmctld, or a user's srun.
template <class Body>
int guarded(const char* name, int answer_to_an_exception, const Body& body) noexcept {
    try {
        return body();
    } catch (const std::exception& exception) {
        ::slurm_error("%s: %s", name, exception.what());
    } catch (...) {
        ::slurm_error("%s: an exception of unknown kind", name);
    }
    return answer_to_an_exception;
}

}  // namespace together
