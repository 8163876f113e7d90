// SPDX-License-Identifier: Apache-2.0
#include "pam_together/module_arguments.h"

#include <algorithm>

namespace together {
namespace {

bool apply(ModuleArguments& arguments, std::string_view name, std::string_view value) {
    if (name == "config=") {
        arguments.config_path = value;
        return value.starts_with('/');
    }
    if (name == "require=") return arguments.require_admin = value == "admin";
    if (name == "quiet") return arguments.quiet = true;
    if (name == "debug") return arguments.debug = true;
    return false;
}

}  // namespace

ModuleArguments parse_arguments(std::span<const char* const> given) {
    ModuleArguments arguments;
    std::vector<std::string_view> seen;
    for (const std::string_view argument : given) {
        arguments.as_given += (seen.empty() ? "" : " ") + std::string(argument);
        const auto name = argument.substr(0, argument.find('=') + 1);  // all of it without a '='
        const auto key = name.empty() ? argument : name;
        const bool again = std::find(seen.begin(), seen.end(), key) != seen.end();
        const bool good = !again && apply(arguments, key, argument.substr(name.size()));
        if (!good && arguments.problem.empty())
            arguments.problem = (again ? "the argument is given twice: " : "wrong argument: ") +
                                std::string(argument);
        seen.push_back(key);
    }
    return arguments;
}

}  // namespace together
