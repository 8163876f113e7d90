// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace together {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string columns(const Pairs& pairs) {
    std::size_t width = 0;
    for (const auto& [left, right] : pairs) width = std::max(width, left.size());
    std::string text;
    for (const auto& [left, right] : pairs) {
        text.append("  ").append(left).append(width - left.size() + 2, ' ');
        text.append(right).append("\n");
    }
    return text;
}

std::string spelled(const Option& option) {
    std::string text = "--" + std::string(option.name);
    if (!option.value.empty()) text += " " + std::string(option.value);
    return text;
}

void add(Pairs& pairs, std::span<const Option> options) {
    for (const auto& option : options)
        pairs.emplace_back(spelled(option), std::string(option.help));
}

// Options that do not fit on the line go on below its first one.
std::string usage_of(const Verb& verb, const Program& program) {
    constexpr std::size_t max_line = 100;
    std::string text = "Usage: " + std::string(program.name) + " " + std::string(verb.name);
    if (!verb.operand.empty()) text += " " + std::string(verb.operand);
    const std::string indent = "\n" + std::string(text.size(), ' ');
    std::vector<std::string> parts;
    for (const auto& option : verb.options) parts.push_back(" [" + spelled(option) + "]");
    for (const auto& option : program.options.first(program.options.size() - 2))
        parts.push_back(" [" + spelled(option) + "]");
    std::size_t width = text.size();
    for (const auto& part : parts) {
        if (width + part.size() > max_line) {
            text += indent;
            width = indent.size() - 1;
        }
        text += part;
        width += part.size();
    }
    return text + "\n";
}

}  // namespace

std::string help_of_program(const Program& program) {
    Pairs list;
    for (const Verb* verb : program.verbs) {
        std::string left(verb->name);
        if (!verb->operand.empty()) left += " " + std::string(verb->operand);
        list.emplace_back(std::move(left), std::string(verb->summary));
    }
    Pairs options;
    add(options, program.options);
    const std::string name(program.name);
    return "Usage: " + name + " VERB [ARGUMENT] [OPTION...]\n\n" + std::string(program.summary) +
           "\n\nVerbs:\n" + columns(list) + "\nOptions of every verb:\n" + columns(options) +
           "\nExample:\n  " + std::string(program.example) + "\n\n" + name +
           " VERB --help says more. " + std::string(program.statuses) + "\n";
}

std::string help_of_verb(const Verb& verb, const Program& program) {
    Pairs options;
    add(options, verb.options);
    add(options, program.options);
    Pairs statuses;
    for (const auto& status : verb.statuses)
        statuses.emplace_back(std::string(status.code), std::string(status.meaning));
    return usage_of(verb, program) + "\n" + std::string(verb.about) + "\n\nOptions:\n" +
           columns(options) + "\nExit status:\n" + columns(statuses) + "\nExample:\n  " +
           std::string(verb.example) + "\n";
}

}  // namespace together
