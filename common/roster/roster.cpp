// SPDX-License-Identifier: Apache-2.0
#include "common/roster/roster.h"

#include <array>
#include <span>

#include "common/system/io.h"

namespace together {
namespace {

bool was_replaced(const std::string& path, const struct stat& status) {
    struct stat current {};
    return ::stat(path.c_str(), &current) == 0 &&
           (current.st_ino != status.st_ino || current.st_dev != status.st_dev);
}

}  // namespace

std::optional<Stamp> read_stamp(const RosterPaths& paths) {
    auto file = open_trusted(paths.stamp(), Links::refuse);
    if (!file) return std::nullopt;
    std::array<std::byte, stamp_size + 1> bytes;
    const auto got = read_some_at(file->descriptor.get(), bytes.data(), bytes.size(), 0);
    if (got < 0) return std::nullopt;
    return decode_stamp(std::span(bytes).first(static_cast<std::size_t>(got)));
}

namespace {

// `now` tells the time for how long ago a moment was.
template <class Now>
tl::expected<Roster, OpenFailure> open(const Config& config, const Now& now) {
    const RosterPaths paths(config);
    // A refresh between the two opens leaves us with an old snapshot whose extended stamp is gone;
    // it would look as old as its own writing. Such a pair is read again.
    constexpr int attempts = 3;
    for (int attempt = 1;; ++attempt) {
        auto snapshot = Snapshot::open(paths.snapshot, config.project, config.base_url);
        if (!snapshot) return tl::make_unexpected(std::move(snapshot.error()));
        const auto stamp = read_stamp(paths);
        const auto& header = snapshot->header();
        const bool extended = stamp && stamp->digest == header.digest;
        if (stamp && !extended && attempt < attempts &&
            was_replaced(paths.snapshot, snapshot->status()))
            continue;
        Moment validated = header.validated;
        Age age = age_of(validated, now(validated), config.fresh_for);
        if (extended) {
            const Age stamped = age_of(stamp->validated, now(stamp->validated), config.fresh_for);
            // A stamp is later than the snapshot's header: where only the header lies in the
            // future, because the clock was set back in between, the stamp knows the age.
            if (stamped.value < age.value || (age.uncertain && !stamped.uncertain)) {
                validated = stamp->validated;
                age = stamped;
            }
        }
        return Roster{std::move(*snapshot), validated, age};
    }
}

}  // namespace

tl::expected<Roster, OpenFailure> open_roster(const Config& config, const Moment& now) {
    return open(config, [&](const Moment&) { return now; });
}

tl::expected<Roster, OpenFailure> open_roster(const Config& config, Clock& clock) {
    return open(config, [&](const Moment& then) { return clock.now_seen_from(then); });
}

}  // namespace together
