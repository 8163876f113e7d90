// SPDX-License-Identifier: Apache-2.0
// Of together.conf and together.conf.d/*.conf beside it what a gate decides by: [api], [roster] and
// [gate]. Strict: an unknown section or key, a bad value or a setting that is set twice is an error
// that names file, line and key. Sections of others are theirs to check (common/node_config): a
// slip in them locks nobody out, and no login loads their code.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/clock.h"
#include "common/system/result.h"

namespace together {

inline constexpr const char* default_config_path = "/etc/together/together.conf";

enum class Mode { enforce, observe };

// What becomes of a slurmctld that cannot load our plug-in: it starts without, or not at all.
enum class WithoutDoor { open, closed };

// What becomes of what somebody still has on a node who left the roster: nothing, or it is ended.
enum class OnRemoval { leave, end_sessions, end_sessions_and_jobs };

struct Config {
    std::string path;  // of the file in use; lockdown and admit.d/ stand beside it

    std::string base_url;  // without a slash at its end
    std::string project;
    std::string token_file = "/etc/together/token";
    std::string ca_file;            // empty: the system's store
    std::string proxy;              // empty: none
    std::string node_name;          // empty: the host name
    bool report_last_seen = false;  // by together-refresh --watch

    std::string directory = "/var/cache/together";
    Nanoseconds fresh_for = std::chrono::seconds(30);
    Nanoseconds recheck_after = std::chrono::seconds(2);
    std::optional<Nanoseconds> stale_for = std::chrono::hours(8);  // nothing: forever
    Nanoseconds local_fault_for = std::chrono::minutes(15);
    Nanoseconds deadline = std::chrono::seconds(3);
    std::string refresh_program;

    std::vector<std::string> exempt_logins;
    std::vector<uid_t> exempt_uids;
    uid_t min_uid = 1000;
    std::string contact;
    Mode mode = Mode::enforce;
    WithoutDoor without_door = WithoutDoor::open;  // read by packaging/fit-to-slurmctld
    OnRemoval on_removal = OnRemoval::leave;       // this and what follows: the watcher's
    Nanoseconds on_removal_grace = std::chrono::minutes(1);
    std::optional<std::uint32_t> on_removal_limit;  // nothing: as many as the roster's size allows

    bool operator==(const Config&) const = default;

    // The folder of the file in use, without a slash at its end.
    std::string folder() const;
    bool roster_is_a_file() const;
    // Where the roster stands when it is a file: base_url without "file://".
    std::string roster_file() const;
    // Within how long a roster still decides while the authority does not answer.
    bool within_stale_for(Nanoseconds age) const { return !stale_for || age <= *stale_for; }
};

// Thread-safe; opens the configuration's files and nothing else.
Result<Config> load_config(const std::string& path);

// [roster] refresh_program where no configuration says another.
const char* installed_refresh_program();

// The settings as they are in force, as "section.key" and value, in the order of the manual.
// Never the token: only the name of its file is known here.
struct Setting {
    std::string name;
    std::string value;
};
std::vector<Setting> gate_settings_in_force(const Config& config);

}  // namespace together
