// SPDX-License-Identifier: Apache-2.0
// The only file that includes CLI11, whose headers take seconds to compile.
#include "command_line/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace together {
namespace {

// CLI11 takes "--name=" for --name and its next argument, and drops what a switch is given if that
// is "true". No argument has a NUL: one behind the '=' shows what was joined, even nothing.
constexpr char joined_mark = '\0';

std::string marked(std::string argument) {
    const auto equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
    if (equals != std::string::npos) argument.insert(equals + 1, 1, joined_mark);
    return argument;
}

std::string unmarked(std::string argument) {
    std::erase(argument, joined_mark);
    return argument;
}

class Reader {
  public:
    Reader(std::span<const KnownOption> known, OptionsStand stand) {
        app_.set_help_flag();
        app_.allow_extras();
        app_.prefix_command(stand == OptionsStand::before_others);
        for (const auto& option : known) add(option);
    }

    Arguments read(std::vector<std::string> arguments) {
        std::transform(arguments.begin(), arguments.end(), arguments.begin(), marked);
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        const auto last = arguments.empty() ? std::string() : arguments.front();
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::ArgumentMismatch&) {
            // Only the end of the line keeps an option from taking the next argument.
            auto result = taken();
            result.options.push_back({known_.at(app_.get_option(last)), std::nullopt, false});
            return result;
        }
        return taken();
    }

  private:
    void add(const KnownOption& option) {
        auto names = "--" + std::string(option.name);
        if (option.letter != '\0') names += std::string(",-") + option.letter;
        auto* added = option.value.empty() ? app_.add_flag(names) : app_.add_option(names);
        // To see those given twice.
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        known_.emplace(added, option);
    }

    Arguments taken() const {
        Arguments result;
        std::map<const CLI::Option*, std::size_t> seen;
        for (const auto* option : app_.parse_order()) {
            const auto& value = option->results().at(seen[option]++);
            const bool joined = value.starts_with(joined_mark);
            const auto& known = known_.at(option);
            const bool is_value = joined || !known.value.empty();
            result.options.push_back(
                {known, is_value ? std::optional(unmarked(value)) : std::nullopt, joined});
        }
        const auto others = app_.remaining();
        std::transform(others.begin(), others.end(), std::back_inserter(result.others), unmarked);
        return result;
    }

    CLI::App app_;
    std::map<const CLI::Option*, KnownOption> known_;
};

}  // namespace

Result<Arguments> read_arguments(const std::vector<std::string>& arguments,
                                 std::span<const KnownOption> known, OptionsStand stand) {
    try {
        return Reader(known, stand).read(arguments);
    } catch (const CLI::Error& error) {
        return failure(error.what());
    }
}

}  // namespace together
