// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/options.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "command_line/arguments.h"

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

constexpr std::array<KnownOption, 13> known = {{
    {"config", "path"},
    {"url", "value"},
    {"project", "value"},
    {"token-file", "value"},
    {"ca-file", "value"},
    {"watch", ""},
    {"on-demand", ""},
    {"api-check", ""},
    {"check-access", ""},
    {"accept-older", ""},
    {"verbose", ""},
    {"help", ""},
    {"version", ""},
}};

std::optional<RefreshKind> kind_named(std::string_view name) {
    if (name == "watch") return RefreshKind::watch;
    if (name == "on-demand") return RefreshKind::on_demand;
    if (name == "api-check") return RefreshKind::api_check;
    if (name == "check-access") return RefreshKind::check_access;
    return std::nullopt;
}

bool is_of_api_check(const GivenOption& given) {
    const auto name = given.option.name;
    return name == "url" || name == "project" || name == "token-file" || name == "ca-file";
}

// A value is an argument of its own: --name=value is not taken.
std::optional<std::string> mistake(const Arguments& arguments) {
    if (!arguments.others.empty()) return "unknown argument " + arguments.others.front();
    for (const auto& given : arguments.options) {
        if (given.joined) return "unknown argument " + given.spelled() + "=" + *given.value;
        if (given.lacks_value() || given.value == "")
            return given.spelled() + " needs a " + std::string(given.option.value);
    }
    return std::nullopt;
}

Result<RefreshKind> kind(const Arguments& arguments) {
    auto kind = RefreshKind::now;
    for (const auto& given : arguments.options) {
        const auto named = kind_named(given.option.name);
        if (!named) continue;
        if (kind != RefreshKind::now)
            return failure(
                "--watch, --on-demand, --api-check and --check-access exclude each other");
        kind = *named;
    }
    return kind;
}

// Before it leaves its working directory. Where that is gone, the path stays as it is.
std::string absolute(const std::string& path) {
    std::error_code error;
    const auto result = std::filesystem::absolute(path, error);
    return error ? path : result.string();
}

RefreshOptions taken(const Arguments& arguments, RefreshKind kind) {
    RefreshOptions options;
    options.kind = kind;
    for (const auto& [option, value, joined] : arguments.options) {
        const auto name = option.name;
        if (name == "config") options.config_path = absolute(*value);
        if (name == "url") options.api_check.url = value;
        if (name == "project") options.api_check.project = value;
        if (name == "token-file") options.api_check.token_file = absolute(*value);
        if (name == "ca-file") options.api_check.ca_file = absolute(*value);
        if (name == "verbose") options.verbose = true;
        if (name == "accept-older") options.accept_older = true;
        if (name == "help") options.help = true;
        if (name == "version") options.version = true;
    }
    return options;
}

std::optional<std::string> conflict(const Arguments& arguments, const RefreshOptions& options) {
    const bool checks = options.kind == RefreshKind::api_check;
    const auto& all = arguments.options;
    const auto last = std::find_if(all.rbegin(), all.rend(), is_of_api_check);
    if (!checks && last != all.rend()) return last->spelled() + " is for --api-check";
    const bool asks_only = checks || options.kind == RefreshKind::check_access;
    if (asks_only && (options.accept_older || options.verbose))
        return std::string(checks ? "--api-check" : "--check-access") +
               " takes neither --accept-older nor --verbose";
    // Once it is somebody's decision; for ever nothing would be checked any more.
    if (options.accept_older && options.kind == RefreshKind::watch)
        return "--watch and --accept-older exclude each other";
    return std::nullopt;
}

}  // namespace

Result<RefreshOptions> parse_options(int argc, const char* const* argv) {
    const auto arguments = read_arguments({argv + (argc > 0 ? 1 : 0), argv + argc}, known);
    if (!arguments) return tl::unexpected(arguments.error());
    if (const auto what = mistake(*arguments)) return failure(*what);
    const auto chosen = kind(*arguments);
    if (!chosen) return tl::unexpected(chosen.error());
    auto options = taken(*arguments, *chosen);
    if (const auto what = conflict(*arguments, options)) return failure(*what);
    return options;
}

}  // namespace together
