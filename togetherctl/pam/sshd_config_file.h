// SPDX-License-Identifier: Apache-2.0
// The text of sshd_config(5), as far as keys need it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace together::ctl {

// A setting of somebody's keys behind a Match, which overrides what stands before all of them.
struct SettingInMatch {
    std::size_t number;  // of its line, from 1
    std::string keyword;
};
std::vector<SettingInMatch> key_settings_in_match(std::string_view text);

// What its Include lines name: patterns, relative ones in /etc/ssh.
std::vector<std::string> sshd_includes(std::string_view text);

}  // namespace together::ctl
