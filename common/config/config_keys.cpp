// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_keys.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/config/base_url.h"
#include "common/config/config_values.h"
#include "common/config/word_list.h"
#include "common/roles/identifiers.h"
#include "common/system/duration.h"
#include "common/system/parse_number.h"
#include "common/system/uids.h"

namespace together {
namespace {

using namespace std::chrono_literals;
using Problem = std::optional<std::string>;

Problem set_base_url(Config& config, std::string_view value) {
    auto url = parse_base_url(value);
    if (!url) return url.error().message;
    config.base_url = *url;
    return std::nullopt;
}

Problem set_project(Config& config, std::string_view value) {
    if (!is_project(value))
        return "not of the form proj_NAME (letters, digits, _ and -, at most 64)";
    config.project = value;
    return std::nullopt;
}

Problem set_proxy(Config& config, std::string_view value) {
    const bool http = value.starts_with("http://") || value.starts_with("https://");
    const auto host = http ? value.substr(value.find("//") + 2) : "";
    if (host.empty() || host.front() == '/' || !is_printable(value) ||
        value.find(' ') != value.npos)
        return "not of the form http://HOST:PORT";
    // This file may be read by everybody.
    if (value.find('@') != value.npos) return "a name or password does not belong here";
    config.proxy = value;
    return std::nullopt;
}

Problem set_node_name(Config& config, std::string_view value) {
    if (!is_node_name(value))
        return "not of the form NAME (letters, digits, ., _ and -, at most 253)";
    config.node_name = value;
    return std::nullopt;
}

Problem set_stale_for(Config& config, std::string_view value) {
    if (value == "forever") {
        config.stale_for.reset();
        return std::nullopt;
    }
    Nanoseconds duration{};
    if (auto problem = set_duration(duration, value, {1s, 24h * 3650}))
        return *problem + ", or forever";
    config.stale_for = duration;
    return std::nullopt;
}

Problem set_exempt_users(Config& config, std::string_view value) {
    for (const auto name : words_of(value)) {
        if (const auto uid = parse_uid(name))
            config.exempt_uids.push_back(*uid);
        else if (is_login(name))
            config.exempt_logins.emplace_back(name);
        else
            return "\"" + std::string(name) + "\" is neither a login nor a uid";
    }
    return std::nullopt;
}

Problem set_min_uid(Config& config, std::string_view value) {
    const auto uid = parse_uid(value);
    if (!uid || *uid == 0) return "not a uid above 0";
    config.min_uid = *uid;
    return std::nullopt;
}

Problem set_contact(Config& config, std::string_view value) {
    if (!is_printable(value)) return "has control characters";
    config.contact = value;
    return std::nullopt;
}

Problem set_mode(Config& config, std::string_view value) {
    if (value != "enforce" && value != "observe") return "must be enforce or observe";
    config.mode = value == "observe" ? Mode::observe : Mode::enforce;
    return std::nullopt;
}

Problem set_without_door(Config& config, std::string_view value) {
    if (value != "open" && value != "closed") return "must be open or closed";
    config.without_door = value == "closed" ? WithoutDoor::closed : WithoutDoor::open;
    return std::nullopt;
}

Problem set_on_removal(Config& config, std::string_view value) {
    if (value == "leave")
        config.on_removal = OnRemoval::leave;
    else if (value == "end_sessions")
        config.on_removal = OnRemoval::end_sessions;
    else if (value == "end_sessions_and_jobs")
        config.on_removal = OnRemoval::end_sessions_and_jobs;
    else
        return "must be leave, end_sessions or end_sessions_and_jobs";
    return std::nullopt;
}

std::string show_on_removal(const Config& config) {
    switch (config.on_removal) {
        case OnRemoval::end_sessions:
            return "end_sessions";
        case OnRemoval::end_sessions_and_jobs:
            return "end_sessions_and_jobs";
        case OnRemoval::leave:
            break;
    }
    return "leave";
}

Problem set_on_removal_limit(Config& config, std::string_view value) {
    const auto limit = parse_number<std::uint32_t>(value);
    if (!limit || *limit == 0) return "not a number above 0";
    config.on_removal_limit = *limit;
    return std::nullopt;
}

std::string show_exempt_users(const Config& config) {
    std::string text = "root";
    for (const auto& login : config.exempt_logins)
        if (login != "root") text += " " + login;
    for (const auto uid : config.exempt_uids) text += " " + std::to_string(uid);
    return text;
}

struct Row {
    decltype(ConfigKey::section) section;
    decltype(ConfigKey::name) name;
    decltype(ConfigKey::set) set;
    std::string (*show)(const Config&);
};

constexpr std::array rows = std::to_array<Row>({
    {"api", "base_url", set_base_url, [](const Config& c) { return c.base_url; }},
    {"api", "project", set_project, [](const Config& c) { return c.project; }},
    {"api", "token_file", [](Config& c, std::string_view v) { return set_path(c.token_file, v); },
     [](const Config& c) { return c.token_file; }},
    {"api", "ca_file", [](Config& c, std::string_view v) { return set_path(c.ca_file, v); },
     [](const Config& c) { return c.ca_file; }},
    {"api", "proxy", set_proxy, [](const Config& c) { return c.proxy; }},
    {"api", "node_name", set_node_name, [](const Config& c) { return c.node_name; }},
    {"api", "report_last_seen",
     [](Config& c, std::string_view v) { return set_yes_or_no(c.report_last_seen, v); },
     [](const Config& c) { return yes_or_no(c.report_last_seen); }},
    {"roster", "directory", [](Config& c, std::string_view v) { return set_path(c.directory, v); },
     [](const Config& c) { return c.directory; }},
    {"roster", "fresh_for",
     [](Config& c, std::string_view v) {
         return set_duration(c.fresh_for, v, {0s, 24h});
     },
     [](const Config& c) { return format_duration(c.fresh_for); }},
    {"roster", "recheck_after",
     [](Config& c, std::string_view v) {
         return set_duration(c.recheck_after, v, {0s, 24h});
     },
     [](const Config& c) { return format_duration(c.recheck_after); }},
    {"roster", "stale_for", set_stale_for,
     [](const Config& c) { return c.stale_for ? format_duration(*c.stale_for) : "forever"; }},
    {"roster", "local_fault_for",
     [](Config& c, std::string_view v) {
         return set_duration(c.local_fault_for, v, {0s, 24h * 365});
     },
     [](const Config& c) { return format_duration(c.local_fault_for); }},
    // A minute is half of sshd's LoginGraceTime.
    {"roster", "deadline",
     [](Config& c, std::string_view v) {
         return set_duration(c.deadline, v, {100ms, 1min});
     },
     [](const Config& c) { return format_duration(c.deadline); }},
    {"roster", "refresh_program",
     [](Config& c, std::string_view v) { return set_path(c.refresh_program, v); },
     [](const Config& c) { return c.refresh_program; }},
    {"gate", "exempt_users", set_exempt_users, show_exempt_users},
    {"gate", "min_uid", set_min_uid, [](const Config& c) { return std::to_string(c.min_uid); }},
    {"gate", "contact", set_contact, [](const Config& c) { return c.contact; }},
    {"gate", "mode", set_mode,
     [](const Config& c)
         -> std::string { return c.mode == Mode::observe ? "observe" : "enforce"; }},
    {"gate", "without_door", set_without_door,
     [](const Config& c)
         -> std::string { return c.without_door == WithoutDoor::closed ? "closed" : "open"; }},
    {"gate", "on_removal", set_on_removal, show_on_removal},
    {"gate", "on_removal_grace",
     [](Config& c, std::string_view v) {
         return set_duration(c.on_removal_grace, v, {0s, 24h});
     },
     [](const Config& c) { return format_duration(c.on_removal_grace); }},
    {"gate", "on_removal_limit", set_on_removal_limit,
     [](const Config&
            c) { return c.on_removal_limit ? std::to_string(*c.on_removal_limit) : std::string(); }},
});

// Whoever decides checks values and shows none: a shared object gets the table that it uses, alone.
template <std::size_t... numbers>
constexpr auto checks_of_rows(std::index_sequence<numbers...>) {
    return std::array{ConfigKey{rows[numbers].section, rows[numbers].name, rows[numbers].set}...};
}
constexpr auto keys = checks_of_rows(std::make_index_sequence<rows.size()>());

}  // namespace

std::span<const ConfigKey> config_keys() {
    return keys;
}

const ConfigKey* find_config_key(std::string_view section, std::string_view name) {
    for (const auto& key : keys)
        if (std::string_view(key.section) == section && std::string_view(key.name) == name)
            return &key;
    return nullptr;
}

bool is_config_section(std::string_view section) {
    for (const auto& key : keys)
        if (std::string_view(key.section) == section) return true;
    return false;
}

std::vector<Setting> gate_settings_in_force(const Config& config) {
    std::vector<Setting> settings;
    for (const auto& row : rows) {
        const std::string section(std::string_view(row.section));
        settings.push_back(
            {section + "." + std::string(std::string_view(row.name)), row.show(config)});
    }
    return settings;
}

}  // namespace together
