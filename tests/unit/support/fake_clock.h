// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until it is told to go on.
#pragma once

#include <cstdint>

#include "common/system/clock.h"

class FakeClock : public together::Clock {
  public:
    FakeClock() {
        moment_.boot_id[0] = 1;
        moment_.time_namespace = 4026531834;
        moment_.boottime = std::int64_t{1'000'000} * 1'000'000'000;
        moment_.realtime = std::int64_t{1'800'000'000} * 1'000'000'000;
    }
    together::Moment now() override { return moment_; }

    // Time goes by.
    void tick(together::Nanoseconds duration) {
        moment_.boottime += duration.count();
        moment_.realtime += duration.count();
    }
    // Somebody sets the wall clock; no time goes by.
    void step(together::Nanoseconds duration) { moment_.realtime += duration.count(); }
    // The node comes up again.
    void reboot() {
        ++moment_.boot_id[0];
        moment_.boottime = std::int64_t{10} * 1'000'000'000;
    }
    // The same boot, seen from a time namespace whose boottime is another.
    void enter_time_namespace(together::Nanoseconds offset) {
        ++moment_.time_namespace;
        moment_.boottime += offset.count();
    }
    void lose_the_boot_id() { moment_.boot_id = {}; }

  private:
    together::Moment moment_;
};
