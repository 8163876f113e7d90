// SPDX-License-Identifier: Apache-2.0
// A program's arguments, told apart by CLI11 and by nothing else: no environment, no file, no
// abbreviation. What is a mistake, and its sentence, is the program's: they differ.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together {

// A view into the program's own table, which lives for ever.
struct KnownOption {
    std::string_view name;   // without its dashes
    std::string_view value;  // what stands for its value in the help; empty: a switch
    char letter = '\0';      // "-h" means it, too
};

struct GivenOption {
    KnownOption option;
    std::optional<std::string> value;  // none of a switch, and none where it is missing
    bool joined;                       // written --name=value

    std::string spelled() const { return "--" + std::string(option.name); }
    bool lacks_value() const { return !option.value.empty() && !value; }
    bool has_unwanted_value() const { return option.value.empty() && value; }
};

struct Arguments {
    std::vector<GivenOption> options;  // in their order, repeated ones, too
    std::vector<std::string> others;   // what is no known option, in its order, with each "--"
};

enum class OptionsStand {
    anywhere,
    before_others,  // what follows the first other one is another one, whatever it looks like
};

// `arguments` without the program's name. Does not throw CLI11's exceptions.
Result<Arguments> read_arguments(const std::vector<std::string>& arguments,
                                 std::span<const KnownOption> known,
                                 OptionsStand stand = OptionsStand::anywhere);

}  // namespace together
