// SPDX-License-Identifier: Apache-2.0
// The command line, parsed strictly: what a verb's table does not name is an error.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_line/arguments.h"
#include "common/system/result.h"
#include "togetherctl/cli/verb.h"

namespace together::ctl {

std::span<const Option> common_options();

class CommandLine {
  public:
    // `arguments` without the program's name. Options may stand anywhere, "--" ends them. The error
    // names what is wrong and whom to ask.
    static together::Result<CommandLine> parse(const std::vector<std::string>& arguments,
                                               Verbs verbs);

    const Verb* verb() const { return verb_; }  // null only beside --help or --version
    const std::string& operand() const { return operand_; }

    bool has(std::string_view option) const { return value(option).has_value(); }
    // Empty for an option that takes none.
    std::optional<std::string> value(std::string_view option) const;
    // Absolute, as the core and together-refresh want it.
    std::string config_path() const;

  private:
    using Words = std::vector<std::string>;
    // Returns what is no option; the verb's are known once there is one.
    together::Result<Words> take_options(const Words& words);
    together::Result<Words> take_verb(Words words, Verbs verbs);
    together::Result<void> take_operands(const Words& words);
    together::Result<void> require_all(Verbs verbs) const;
    std::optional<std::string> mistake(const together::GivenOption& given) const;
    tl::unexpected<together::Error> wrong(const std::string& what) const;

    const Verb* verb_ = nullptr;
    std::string operand_;
    std::vector<together::GivenOption> options_;
};

}  // namespace together::ctl
