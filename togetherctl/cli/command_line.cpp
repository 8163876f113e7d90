// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/cli/command_line.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

#include "common/config/config.h"
#include "togetherctl/cli/printable.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr std::array<Option, 4> common = {{
    {"config", "PATH", "the configuration (default: /etc/together/together.conf)"},
    {"json", "", "answer with one JSON document"},
    {"help", "", "show this text"},
    {"version", "", "show the version"},
}};

const Option* find_option(std::span<const Option> options, std::string_view name) {
    const auto found = std::find_if(options.begin(), options.end(),
                                    [&](const Option& option) { return option.name == name; });
    return found == options.end() ? nullptr : &*found;
}

std::string names_of(Verbs verbs) {
    std::string names;
    for (const Verb* verb : verbs) names += (names.empty() ? "" : ", ") + std::string(verb->name);
    return names;
}

}  // namespace

std::span<const Option> common_options() {
    return common;
}

class CommandLine::Parser {
  public:
    Parser(const std::vector<std::string>& arguments, Verbs verbs)
        : arguments_(arguments), verbs_(verbs) {}

    Result<CommandLine> run() {
        bool options_may_follow = true;
        while (next_ < arguments_.size()) {
            const std::string& argument = arguments_[next_++];
            if (options_may_follow && argument == "--") {
                options_may_follow = false;
                continue;
            }
            const bool is_option = options_may_follow && argument.size() > 1 && argument[0] == '-';
            auto taken = is_option ? take_option(argument) : take_operand(argument);
            if (!taken) return tl::make_unexpected(taken.error());
        }
        if (line_.has("help") || line_.has("version")) return line_;
        if (line_.verb_ == nullptr)
            return wrong("a verb is missing; there are " + names_of(verbs_));
        if (line_.verb_->operand_is_required() && line_.operand_.empty())
            return wrong(std::string(line_.verb_->operand) + " is missing");
        return line_;
    }

  private:
    Result<void> take_operand(const std::string& argument) {
        if (line_.verb_ == nullptr) {
            const auto found = std::find_if(verbs_.begin(), verbs_.end(),
                                            [&](const Verb* v) { return v->name == argument; });
            if (found == verbs_.end())
                return wrong("unknown verb " + in_quotes(argument) + "; there are " +
                             names_of(verbs_));
            line_.verb_ = *found;
            return {};
        }
        if (argument.empty()) return wrong("an empty argument");
        if (line_.verb_->operand.empty() || !line_.operand_.empty())
            return wrong("extra argument " + in_quotes(argument));
        line_.operand_ = argument;
        return {};
    }

    Result<void> take_option(const std::string& argument) {
        if (argument == "-h") return take_option("--help");
        const auto equals = argument.find('=');
        const std::string spelled = argument.substr(0, equals);
        const Option* option = argument.starts_with("--") ? find(spelled.substr(2)) : nullptr;
        if (option == nullptr) return wrong("unknown option " + in_quotes(spelled));
        if (line_.has(option->name)) return wrong(spelled + " is given twice");
        std::string value;
        if (option->value.empty()) {
            if (equals != argument.npos) return wrong(spelled + " takes no value");
        } else if (equals != argument.npos) {
            value = argument.substr(equals + 1);
        } else if (next_ < arguments_.size()) {
            value = arguments_[next_++];
        }
        if (!option->value.empty() && value.empty())
            return wrong(spelled + " needs a value, " + std::string(option->value));
        line_.options_.push_back({option->name, std::move(value)});
        return {};
    }

    // A verb's own options stand behind it: before it nobody knows them.
    const Option* find(const std::string& name) const {
        if (const Option* option = find_option(common, name)) return option;
        return line_.verb_ == nullptr ? nullptr : find_option(line_.verb_->options, name);
    }

    tl::unexpected<together::Error> wrong(const std::string& what) const {
        const std::string verb = line_.verb_ == nullptr ? "" : " " + std::string(line_.verb_->name);
        return failure((verb.empty() ? "" : verb.substr(1) + ": ") + what + " (see togetherctl" +
                       verb + " --help)");
    }

    const std::vector<std::string>& arguments_;
    Verbs verbs_;
    std::size_t next_ = 0;
    CommandLine line_;
};

Result<CommandLine> CommandLine::parse(const std::vector<std::string>& arguments, Verbs verbs) {
    return Parser(arguments, verbs).run();
}

std::optional<std::string> CommandLine::value(std::string_view option) const {
    for (const auto& given : options_)
        if (given.name == option) return given.value;
    return std::nullopt;
}

std::string CommandLine::config_path() const {
    const auto path = value("config");
    if (!path) return together::default_config_path;
    std::error_code error;
    const auto absolute = std::filesystem::absolute(*path, error);
    return error ? *path : absolute.string();
}

}  // namespace together::ctl
