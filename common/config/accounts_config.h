// SPDX-License-Identifier: Apache-2.0
// Section [accounts]: which accounts and groups the roster gives this node, and how they look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/clock.h"

namespace together {

// Both ends belong to it.
struct IdRange {
    std::uint32_t first = 10000;
    std::uint32_t last = 59999;

    bool operator==(const IdRange&) const = default;
    bool contains(std::uint32_t id) const { return id >= first && id <= last; }
};

struct AccountsConfig {
    bool enabled = false;
    IdRange uid_range;
    IdRange gid_range;
    std::string home = "/home/%u";
    std::string shell = "/bin/bash";
    std::string group;  // empty: the authority's
    bool group_members = true;
    Nanoseconds keep_removed = std::chrono::hours(24 * 90);
    std::vector<std::string> reserved_logins;

    bool operator==(const AccountsConfig&) const = default;
};

// Each checks and stores a value; returns what is wrong with it. Internal to config.
std::optional<std::string> set_yes_or_no(bool& answer, std::string_view value);
std::optional<std::string> set_id_range(IdRange& range, std::string_view value);
std::optional<std::string> set_home(AccountsConfig& accounts, std::string_view value);
std::optional<std::string> set_shell(AccountsConfig& accounts, std::string_view value);
std::optional<std::string> set_group(AccountsConfig& accounts, std::string_view value);
std::optional<std::string> set_reserved_logins(AccountsConfig& accounts, std::string_view value);

std::string show_id_range(const IdRange& range);
std::string show_reserved_logins(const AccountsConfig& accounts);

}  // namespace together
