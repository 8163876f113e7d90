// SPDX-License-Identifier: Apache-2.0
// What a program for people can do: one Verb each. The same table checks the command line and
// renders --help, so that neither knows an option that the other does not.
#pragma once

#include <span>
#include <string_view>

namespace together {

class CommandLine;
class Output;

// What statuses of both programs mean, but for what a verb passes on.
enum ExitStatus : int {
    exit_yes = 0,
    exit_no = 1,
    exit_cannot_tell = 2,  // wrong usage, too
};

struct Option {
    std::string_view name;   // without its dashes
    std::string_view value;  // what stands for its value in the help; empty: it takes none
    std::string_view help;
    char letter = '\0';  // of -h
};

struct Status {
    std::string_view code;
    std::string_view meaning;
};

struct Verb {
    std::string_view name;     // of one word, or of two: "members remove" beside "members"
    std::string_view operand;  // empty: it takes none; in [brackets]: it may be left out
    std::string_view summary;  // one line, for the list of verbs
    std::string_view about;
    std::span<const Option> options;  // besides those that every verb has
    std::span<const Status> statuses;
    std::string_view example;
    int (*run)(const CommandLine&, Output&);

    bool operand_is_required() const { return !operand.empty() && !operand.starts_with('['); }
};

using Verbs = std::span<const Verb* const>;

struct Program {
    std::string_view name;
    std::string_view summary;
    Verbs verbs;                      // in the order in which people meet them
    std::span<const Option> options;  // of every verb; --help and --version last
    std::string_view example;
    std::string_view statuses;  // of every verb, for the end of the help
    std::string_view config;    // where --config does not say otherwise
};

// Who complains: each program has its own.
extern const std::string_view program_name;

}  // namespace together
