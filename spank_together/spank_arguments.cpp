// SPDX-License-Identifier: Apache-2.0
#include "spank_together/spank_arguments.h"

namespace together {

SpankArguments parse_spank_arguments(std::span<char* const> given) {
    constexpr std::string_view config = "config=";
    SpankArguments arguments;
    bool seen = false;
    for (const std::string_view argument : given) {
        std::string problem;
        if (!argument.starts_with(config))
            problem = "wrong argument: ";
        else if (seen)
            problem = "the argument is given twice: ";
        else if (!argument.substr(config.size()).starts_with('/'))
            problem = "not an absolute path: ";
        else
            arguments.config_path = argument.substr(config.size());
        seen = seen || argument.starts_with(config);
        if (!problem.empty() && arguments.problem.empty())
            arguments.problem = problem + std::string(argument);
    }
    return arguments;
}

}  // namespace together
