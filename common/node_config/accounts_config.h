// SPDX-License-Identifier: Apache-2.0
// Section [accounts]: which accounts and groups the roster gives this node, and how they look.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/node_config/section_key.h"
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

std::span<const SectionKey<AccountsConfig>> accounts_keys();

}  // namespace together
