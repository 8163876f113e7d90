// SPDX-License-Identifier: Apache-2.0
// together-authorizer [--config PATH]: answers Kubernetes API servers and HTTP proxies from the
// roster on this node. In the foreground.
#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "authorizer/serve.h"
#include "command_line/arguments.h"
#include "common/config/config.h"

namespace {

using namespace together;

enum Status { ok = 0, failed = 1, usage = 64, configuration = 78 };

constexpr std::string_view help = R"(Usage: together-authorizer [--config PATH]

Answers Kubernetes API servers (SubjectAccessReview) and HTTP proxies (forward-auth)
from the roster on this node, until SIGTERM. See together-authorizer(8).

  --config PATH  instead of /etc/together/together.conf
  --help         prints this

Exit status:
  0   stopped by a signal
  1   it cannot listen
  64  wrong arguments
  78  the configuration is missing or wrong
)";

constexpr std::array options = std::to_array<KnownOption>({
    {"config", "PATH"},
    {"help", "", 'h'},
});

int complain(const std::string& what, Status status) {
    (void)std::fprintf(stderr, "together-authorizer: %s\n", what.c_str());
    return status;
}

// What is wrong with an option; nothing where it is right.
std::string wrong_option(const GivenOption& given) {
    if (given.lacks_value()) return given.spelled() + " needs a value";
    if (given.has_unwanted_value()) return given.spelled() + " takes no value";
    return {};
}

int run(const std::vector<std::string>& words) {
    const auto arguments = read_arguments(words, options);
    if (!arguments) return complain(arguments.error().message, usage);
    if (!arguments->others.empty())
        return complain("unknown argument '" + arguments->others.front() + "' (see --help)", usage);
    std::string path = default_config_path;
    for (const auto& given : arguments->options) {
        if (const auto wrong = wrong_option(given); !wrong.empty()) return complain(wrong, usage);
        if (given.option.name == "help") {
            (void)std::fwrite(help.data(), 1, help.size(), stdout);
            return ok;
        }
        path = *given.value;
    }
    const auto served = authorizer::serve(path);
    if (served) return ok;
    return complain(served.error().message,
                    served.error().is_configuration ? configuration : failed);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        return complain(error.what(), failed);
    }
}
