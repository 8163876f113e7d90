// SPDX-License-Identifier: Apache-2.0
#include "tests/adapters/slurm/support/stuck_names.h"

#include <dlfcn.h>
#include <pwd.h>

#include <condition_variable>
#include <mutex>

namespace {

struct Names {
    std::mutex mutex;
    std::condition_variable changed;
    bool hang = false;
    int inside = 0;
};

Names& names() {
    static Names one;
    return one;
}

}  // namespace

void hang_names() {
    const std::lock_guard lock(names().mutex);
    names().hang = true;
}

void answer_names() {
    const std::lock_guard lock(names().mutex);
    names().hang = false;
    names().changed.notify_all();
}

int hanging_lookups() {
    const std::lock_guard lock(names().mutex);
    return names().inside;
}

extern "C" [[gnu::visibility("default")]] int getpwuid_r(uid_t uid, passwd* entry, char* buffer,
                                                         size_t size, passwd** found) {
    {
        std::unique_lock lock(names().mutex);
        ++names().inside;
        names().changed.wait(lock, [] { return !names().hang; });
        --names().inside;
    }
    static const auto real =
        reinterpret_cast<decltype(&::getpwuid_r)>(::dlsym(RTLD_NEXT, "getpwuid_r"));
    return real(uid, entry, buffer, size, found);
}
