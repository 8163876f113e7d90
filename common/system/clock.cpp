// SPDX-License-Identifier: Apache-2.0
#include "common/system/clock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <string_view>

#include "common/system/file_descriptor.h"
#include "common/system/io.h"

namespace together {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

BootId read_boot_id() {
    BootId id{};
    FileDescriptor file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
    char text[64];
    const auto length = file ? read_some(file.get(), text, sizeof text) : -1;
    std::size_t digits = 0;
    for (ssize_t i = 0; i < length && digits < 32; ++i) {
        const int value = hex_value(text[i]);
        if (value < 0) continue;
        id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] << 4 | value);
        ++digits;
    }
    return digits == 32 ? id : unknown_boot;
}

std::uint64_t read_time_namespace() {
    struct stat status {};
    return ::stat("/proc/self/ns/time", &status) == 0 ? status.st_ino : 0;
}

struct Timeline {
    std::uint64_t time_namespace;
    BootId boot_id;
};

std::int64_t read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// What was read from a file can be any number.
Nanoseconds difference(std::int64_t now, std::int64_t then) {
    std::int64_t result = 0;
    if (__builtin_sub_overflow(now, then, &result))
        return now > then ? Nanoseconds::max() : Nanoseconds::min();
    return Nanoseconds(result);
}

}  // namespace

bool same_timeline(const Moment& a, const Moment& b) {
    return a.boot_id == b.boot_id && a.boot_id != unknown_boot &&
           a.time_namespace == b.time_namespace;
}

Nanoseconds elapsed(const Moment& then, const Moment& now) {
    return same_timeline(then, now) ? difference(now.boottime, then.boottime)
                                    : difference(now.realtime, then.realtime);
}

Moment earlier(Moment moment, Nanoseconds by) {
    moment.boottime -= by.count();
    moment.realtime -= by.count();
    return moment;
}

Moment SystemClock::now() {
    Moment moment;
    moment.time_namespace = read_time_namespace();
    // Read once: it was an eighth of a decision. A process outlives a boot only where it is frozen
    // and restored (CRIU), in a time namespace of its own.
    static const Timeline first{moment.time_namespace, read_boot_id()};
    const bool same = moment.time_namespace == first.time_namespace;
    moment.boot_id = same && first.boot_id != unknown_boot ? first.boot_id : read_boot_id();
    moment.boottime = read_clock(CLOCK_BOOTTIME);
    moment.realtime = read_clock(CLOCK_REALTIME);
    return moment;
}

// Where both clocks have gone on equally since `then`, it does not matter whether it was on the
// same timeline, and /proc need not be asked: in a new process that was a third of a decision.
Moment SystemClock::now_seen_from(const Moment& then) {
    constexpr std::chrono::milliseconds equal{10};
    Moment moment = then;
    moment.boottime = read_clock(CLOCK_BOOTTIME);
    moment.realtime = read_clock(CLOCK_REALTIME);
    const auto by_boottime = difference(moment.boottime, then.boottime);
    const auto by_realtime = difference(moment.realtime, then.realtime);
    const bool past = std::min(by_boottime, by_realtime) >= Nanoseconds::zero();
    return past && std::chrono::abs(by_boottime - by_realtime) <= equal ? moment : now();
}

}  // namespace together
