// SPDX-License-Identifier: Apache-2.0
// Settings of the command line, the environment and the configuration file, in this order of
// precedence: --max-waiters, TOGETHER_ROLED_MAX_WAITERS, `max_waiters` in section [roled] of the
// file that --config names. Every name must be known; an unknown one is an error, never ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::roled {

struct OptionSpec {
    std::string_view name;   // "max-waiters"
    std::string_view value;  // what the help calls its value, empty: a switch without one
    std::string_view help;
    bool in_file;  // may stand in the configuration file and the environment
};

class Options {
  public:
    using Environment = std::function<const char*(const char* name)>;

    // `settings` are those of the subcommand; `all` are those that the file may hold. `operand`:
    // the name of the argument that is no option; empty where there is none.
    static Result<Options> read(const std::vector<std::string>& arguments,
                                std::span<const OptionSpec> settings,
                                std::span<const OptionSpec> all, const Environment& environment,
                                std::string_view operand = {});

    std::optional<std::string> get(std::string_view name) const;
    Result<std::string> require(std::string_view name) const;
    Result<std::string> operand() const;
    bool has(std::string_view name) const { return get(name).has_value(); }
    // A switch: given on the command line, or `yes` or `no` in the file and the environment.
    Result<bool> flag(std::string_view name) const;
    // A number from 0 to `most`.
    Result<std::uint64_t> number(std::string_view name, std::uint64_t otherwise,
                                 std::uint64_t most) const;

  private:
    std::map<std::string, std::string, std::less<>> values_;
    std::string operand_name_;
    std::optional<std::string> operand_;
};

}  // namespace together::roled
