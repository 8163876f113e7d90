// SPDX-License-Identifier: Apache-2.0
// The command line, parsed strictly: what a verb's table does not name is an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verb.h"
#include "command_line/arguments.h"
#include "common/system/result.h"

namespace together {

class CommandLine {
  public:
    // `arguments` without the program's name. Options may stand anywhere, "--" ends them. The error
    // names what is wrong and whom to ask.
    static Result<CommandLine> parse(const std::vector<std::string>& arguments,
                                     const Program& program);

    const Verb* verb() const { return verb_; }  // null only beside --help or --version
    const std::string& operand() const { return operand_; }

    bool has(std::string_view option) const { return value(option).has_value(); }
    // Empty for an option that takes none.
    std::optional<std::string> value(std::string_view option) const;
    // What --config says, made absolute, or the program's own.
    std::string config_path() const;

  private:
    using Words = std::vector<std::string>;
    explicit CommandLine(const Program& program) : program_(&program) {}
    // Returns what is no option; the verb's are known once there is one.
    Result<Words> take_options(const Words& words);
    Result<Words> take_verb(Words words);
    const Verb* find(std::string_view name) const;
    Result<void> take_operands(const Words& words);
    Result<void> require_all() const;
    std::optional<std::string> mistake(const GivenOption& given) const;
    tl::unexpected<Error> wrong(const std::string& what) const;

    const Program* program_;
    const Verb* verb_ = nullptr;
    std::string operand_;
    std::vector<GivenOption> options_;
};

}  // namespace together
