// SPDX-License-Identifier: Apache-2.0
// What togetherctl can do: one Verb each, in a file of its own. The same table checks the command
// line and renders --help, so that neither knows an option that the other does not.
#pragma once

#include <span>
#include <string_view>

namespace together::ctl {

class CommandLine;
class Output;

// Of every verb but refresh, which passes together-refresh's on.
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
    std::string_view name;
    std::string_view operand;  // empty: it takes none; in [brackets]: it may be left out
    std::string_view summary;  // one line, for the list of verbs
    std::string_view about;
    std::span<const Option> options;  // besides those that every verb has
    std::span<const Status> statuses;
    std::string_view example;
    int (*run)(const CommandLine&, Output&);

    bool operand_is_required() const { return !operand.empty() && !operand.starts_with('['); }
};

extern const Verb accounts_verb;
extern const Verb admit_verb;
extern const Verb api_check_verb;
extern const Verb check_verb;
extern const Verb config_verb;
extern const Verb decisions_verb;
extern const Verb disable_verb;
extern const Verb doctor_verb;
extern const Verb enable_verb;
extern const Verb explain_verb;
extern const Verb lockdown_verb;
extern const Verb permissions_verb;
extern const Verb refresh_verb;
extern const Verb roster_verb;
extern const Verb sessions_verb;
extern const Verb status_verb;
extern const Verb volumes_verb;

using Verbs = std::span<const Verb* const>;

}  // namespace together::ctl
