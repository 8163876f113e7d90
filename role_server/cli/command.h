// SPDX-License-Identifier: Apache-2.0
// What the subcommands have in common. A file a family of them; each lists its own.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/system/result.h"
#include "role_server/cli/options.h"

namespace together::roled {

struct Printed {
    std::string text;
    int status = 0;
};

struct Command {
    std::string_view name;
    std::span<const OptionSpec> settings;
    std::string_view operand;  // what the help calls its argument that is no option; may be empty
    std::string_view usage;    // its lines in --help
    Result<Printed> (*run)(const Options&);
};

std::span<const Command> organization_commands();
std::span<const Command> user_commands();
std::span<const Command> key_commands();
std::span<const Command> audit_commands();
std::span<const Command> backup_commands();
std::span<const Command> check_commands();

// clang-format off
constexpr OptionSpec db_setting{"db", "DB", "the database: a file of SQLite's, or postgresql://…", true};
constexpr OptionSpec config_setting{"config", "FILE", "settings, in section [roled]", false};
constexpr OptionSpec json_setting{"json", "", "print JSON", false};
// clang-format on

}  // namespace together::roled
