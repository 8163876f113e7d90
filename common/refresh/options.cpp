#include "options.h"

#include <filesystem>
#include <string_view>

namespace together {

const char* const refresh_usage =
    "Usage: together-refresh [--config PATH] [--verbose] [--accept-older] [--watch | --on-demand]\n"
    "\n"
    "Brings this node's copy of the project's roster up to date.\n"
    "\n"
    "  --config PATH    read this configuration (default: /etc/together/together.conf)\n"
    "  --watch          go on for ever, in the foreground; SIGTERM ends it\n"
    "  --on-demand      as an adapter does: honour the roster's age and the mark of a failure\n"
    "  --accept-older   believe a revision older than the stored one (the authority was restored)\n"
    "  --verbose        show what is asked and answered, secrets removed\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 the roster is valid, 75 no answer, 77 the authority refused our token,\n"
    "78 the configuration is wrong.\n"
    "\n"
    "Example: together-refresh --verbose\n";

namespace {

// Before it leaves its working directory. Where that is gone, the path stays as it is.
std::string absolute(const char* path) {
    std::error_code error;
    const auto result = std::filesystem::absolute(path, error);
    return error ? path : result.string();
}

}  // namespace

Result<RefreshOptions> parse_options(int argc, const char* const* argv) {
    RefreshOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--config") {
            if (++i == argc || *argv[i] == '\0') return failure("--config needs a path");
            options.config_path = absolute(argv[i]);
        } else if (argument == "--watch" || argument == "--on-demand") {
            if (options.kind != RefreshKind::now)
                return failure("--watch and --on-demand exclude each other");
            options.kind = argument == "--watch" ? RefreshKind::watch : RefreshKind::on_demand;
        } else if (argument == "--verbose") {
            options.verbose = true;
        } else if (argument == "--accept-older") {
            options.accept_older = true;
        } else if (argument == "--help") {
            options.help = true;
        } else if (argument == "--version") {
            options.version = true;
        } else {
            return failure("unknown argument " + std::string(argument));
        }
    }
    // Once it is somebody's decision; for ever nothing would be checked any more.
    if (options.accept_older && options.kind == RefreshKind::watch)
        return failure("--watch and --accept-older exclude each other");
    return options;
}

}  // namespace together
