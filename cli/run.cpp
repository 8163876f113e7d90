// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/output.h"

namespace together {

int run(const Program& program, std::string_view version,
        const std::vector<std::string>& arguments) {
    const auto line = CommandLine::parse(arguments, program);
    if (!line) {
        Output::complain(line.error().message);
        return exit_cannot_tell;
    }
    Output output(line->has("json"));
    int status = exit_yes;
    if (line->has("help"))
        output.verbatim(line->verb() == nullptr ? help_of_program(program)
                                                : help_of_verb(*line->verb(), program));
    else if (line->has("version"))
        output.line(std::string(program.name) + " " + std::string(version));
    else
        status = line->verb()->run(*line, output);
    return output.flush() ? status : exit_cannot_tell;
}

}  // namespace together
