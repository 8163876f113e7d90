// SPDX-License-Identifier: Apache-2.0
// The service "together" in the text of nsswitch.conf(5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

inline constexpr const char* nsswitch_path = "/etc/nsswitch.conf";

// With "together" directly behind "files" and what is to be done after it, on the lines passwd and
// group, and initgroups where there is one. Fails where nobody can tell what it would do there, and
// says which line, and how it could read.
together::Result<std::string> with_together(std::string_view text);
// Without it, whoever wrote it: with_together's exact inverse.
std::string without_together(std::string_view text);

// What is wrong with one database's line, for glibc; nothing where together is asked right behind
// files.
struct ServiceProblem {
    std::string what;
    bool dangerous = false;  // the roster could answer for what the node has itself
};
std::optional<ServiceProblem> problem_of_database(std::string_view text, std::string_view database);
bool has_database(std::string_view text, std::string_view database);

// The lines of those databases, as they stand.
std::vector<std::string> lines_of_databases(std::string_view text);
// What glibc asks for `passwd`, "files together systemd"; empty where there is no such line.
std::string services_of(std::string_view text, std::string_view database);

}  // namespace together::ctl
