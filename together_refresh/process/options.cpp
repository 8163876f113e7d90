// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/options.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>

namespace together {

const char* const refresh_usage =
    "Usage: together-refresh [--config PATH] [--verbose] [--accept-older] [--watch | --on-demand]\n"
    "       together-refresh --api-check [--config PATH] [--url URL] [--project PROJECT]\n"
    "                        [--token-file PATH] [--ca-file PATH]\n"
    "       together-refresh --check-access [--config PATH]\n"
    "\n"
    "Brings this node's copy of the project's roster up to date.\n"
    "\n"
    "  --config PATH    read this configuration (default: /etc/together/together.conf)\n"
    "  --watch          go on for ever, in the foreground; SIGTERM ends it\n"
    "  --on-demand      as an adapter does: honour the roster's age and the back-off after a "
    "failure\n"
    "  --accept-older   believe a revision older than the stored one (the authority was restored)\n"
    "  --api-check      as togetherctl api-check does: try an authority, change nothing\n"
    "  --check-access   as togetherctl doctor does: ask once with this node's token, change "
    "nothing\n"
    "  --verbose        show what is asked and answered, secrets removed\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 the roster is valid, 75 no answer, 77 the authority refused our token,\n"
    "78 the configuration is wrong. With --api-check: 0 the authority conforms, 1 it does not,\n"
    "2 cannot tell. With --check-access: 0 it was asked, 2 it could not be.\n"
    "\n"
    "Example: together-refresh --verbose\n";

namespace {

// Before it leaves its working directory. Where that is gone, the path stays as it is.
std::string absolute(const char* path) {
    std::error_code error;
    const auto result = std::filesystem::absolute(path, error);
    return error ? path : result.string();
}

std::optional<RefreshKind> kind_named(std::string_view argument) {
    if (argument == "--watch") return RefreshKind::watch;
    if (argument == "--on-demand") return RefreshKind::on_demand;
    if (argument == "--api-check") return RefreshKind::api_check;
    if (argument == "--check-access") return RefreshKind::check_access;
    return std::nullopt;
}

}  // namespace

Result<RefreshOptions> parse_options(int argc, const char* const* argv) {
    RefreshOptions options;
    auto& api = options.api_check;
    const std::pair<std::string_view, std::optional<std::string>*> of_api_check[] = {
        {"--url", &api.url},
        {"--project", &api.project},
        {"--token-file", &api.token_file},
        {"--ca-file", &api.ca_file}};
    std::string_view needs_api_check;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const auto* const of_check =
            std::find_if(std::begin(of_api_check), std::end(of_api_check),
                         [&](const auto& option) { return option.first == argument; });
        if (of_check != std::end(of_api_check)) {
            if (++i == argc || *argv[i] == '\0')
                return failure(std::string(argument) + " needs a value");
            *of_check->second = argument.ends_with("-file") ? absolute(argv[i]) : argv[i];
            needs_api_check = argument;
        } else if (argument == "--config") {
            if (++i == argc || *argv[i] == '\0') return failure("--config needs a path");
            options.config_path = absolute(argv[i]);
        } else if (const auto kind = kind_named(argument)) {
            if (options.kind != RefreshKind::now)
                return failure(
                    "--watch, --on-demand, --api-check and --check-access exclude each other");
            options.kind = *kind;
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
    const bool checks = options.kind == RefreshKind::api_check;
    if (!checks && !needs_api_check.empty())
        return failure(std::string(needs_api_check) + " is for --api-check");
    const bool asks_only = checks || options.kind == RefreshKind::check_access;
    if (asks_only && (options.accept_older || options.verbose))
        return failure(std::string(checks ? "--api-check" : "--check-access") +
                       " takes neither --accept-older nor --verbose");
    // Once it is somebody's decision; for ever nothing would be checked any more.
    if (options.accept_older && options.kind == RefreshKind::watch)
        return failure("--watch and --accept-older exclude each other");
    return options;
}

}  // namespace together
