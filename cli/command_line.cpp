// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "cli/printable.h"

namespace together {
namespace {

bool looks_like_option(const std::string& word) {
    return word.size() > 1 && word[0] == '-';
}

std::string unknown_option(const std::string& word) {
    return "unknown option " + in_quotes(word.substr(0, word.find('=')));
}

void add(std::vector<KnownOption>& known, std::span<const Option> options) {
    for (const auto& option : options) known.push_back({option.name, option.value, option.letter});
}

// Of those alone that begin with `first`.
std::string names_of(Verbs verbs, std::string_view first = {}) {
    std::string names;
    for (const Verb* verb : verbs)
        if (verb->name.starts_with(first))
            names += (names.empty() ? "" : ", ") + std::string(verb->name);
    return names;
}

}  // namespace

// CLI11's subcommands are not for us: behind "--" and an operand they would take options again.
Result<CommandLine> CommandLine::parse(const Words& arguments, const Program& program) {
    CommandLine line(program);
    const auto done = line.take_options(arguments)
                          .and_then([&](const Words& words) { return line.take_verb(words); })
                          .and_then([&](const Words& words) { return line.take_options(words); })
                          .and_then([&](const Words& words) { return line.take_operands(words); })
                          .and_then([&] { return line.require_all(); });
    if (!done) return tl::make_unexpected(done.error());
    return line;
}

Result<CommandLine::Words> CommandLine::take_options(const Words& words) {
    std::vector<KnownOption> known;
    add(known, program_->options);
    // A verb's own options stand behind it: before it nobody knows them.
    if (verb_ != nullptr) add(known, verb_->options);
    const auto read = read_arguments(
        words, known, verb_ == nullptr ? OptionsStand::before_others : OptionsStand::anywhere);
    if (!read) return wrong(read.error().message);
    for (const auto& given : read->options) {
        if (const auto what = mistake(given)) return wrong(*what);
        options_.push_back(given);
    }
    return read->others;
}

std::optional<std::string> CommandLine::mistake(const GivenOption& given) const {
    if (has(given.option.name)) return given.spelled() + " is given twice";
    if (given.has_unwanted_value()) return given.spelled() + " takes no value";
    if (given.lacks_value() || given.value == "")
        return given.spelled() + " needs a value, " + std::string(given.option.value);
    return std::nullopt;
}

// Leaves a "--" before the verb where it is: it ends the options behind it, too.
Result<CommandLine::Words> CommandLine::take_verb(Words words) {
    const bool ended = !words.empty() && words.front() == "--";
    const auto word = words.begin() + (ended ? 1 : 0);
    if (word == words.end()) return words;
    if (!ended && looks_like_option(*word)) return wrong(unknown_option(*word));
    const auto second = word + 1;
    if (second != words.end() && (verb_ = find(*word + " " + *second)) != nullptr) {
        words.erase(word, second + 1);
        return words;
    }
    verb_ = find(*word);
    if (verb_ == nullptr)
        return wrong("unknown verb " + in_quotes(*word) + "; there are " +
                     names_of(program_->verbs));
    words.erase(word);
    return words;
}

const Verb* CommandLine::find(std::string_view name) const {
    const auto& verbs = program_->verbs;
    const auto found = std::find_if(verbs.begin(), verbs.end(),
                                    [&](const Verb* verb) { return verb->name == name; });
    return found == verbs.end() ? nullptr : *found;
}

Result<void> CommandLine::take_operands(const Words& words) {
    bool options_may_follow = true;
    for (const auto& word : words) {
        if (options_may_follow && word == "--") {
            options_may_follow = false;
            continue;
        }
        if (options_may_follow && looks_like_option(word)) return wrong(unknown_option(word));
        if (word.empty()) return wrong("an empty argument");
        const auto longer = names_of(program_->verbs, std::string(verb_->name) + " ");
        if (verb_->operand.empty() && !longer.empty())
            return wrong("unknown verb " + in_quotes(word) + "; there are " + longer);
        if (verb_->operand.empty() || !operand_.empty())
            return wrong("extra argument " + in_quotes(word));
        operand_ = word;
    }
    return {};
}

Result<void> CommandLine::require_all() const {
    if (has("help") || has("version")) return {};
    if (verb_ == nullptr) return wrong("a verb is missing; there are " + names_of(program_->verbs));
    if (verb_->operand_is_required() && operand_.empty())
        return wrong(std::string(verb_->operand) + " is missing");
    return {};
}

tl::unexpected<Error> CommandLine::wrong(const std::string& what) const {
    const std::string verb = verb_ == nullptr ? "" : std::string(verb_->name);
    return failure((verb.empty() ? "" : verb + ": ") + what + " (see " +
                   std::string(program_->name) + (verb.empty() ? "" : " " + verb) + " --help)");
}

std::optional<std::string> CommandLine::value(std::string_view option) const {
    for (const auto& given : options_)
        if (given.option.name == option) return given.value.value_or("");
    return std::nullopt;
}

std::string CommandLine::config_path() const {
    const auto path = value("config");
    if (!path) return std::string(program_->config);
    std::error_code error;
    const auto absolute = std::filesystem::absolute(*path, error);
    return error ? *path : absolute.string();
}

}  // namespace together
