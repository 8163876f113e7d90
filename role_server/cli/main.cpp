// SPDX-License-Identifier: Apache-2.0
// together-roled: the role authority that can be run anywhere.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "role_server/cli/command.h"
#include "role_server/cli/options.h"
#include "role_server/cli/serve_options.h"
#include "role_server/server/serve.h"

namespace together::roled {
namespace {

// clang-format off
constexpr std::array serve_settings = std::to_array<OptionSpec>({
    db_setting, config_setting,
    {"listen", "ADDRESS:PORT", "where to listen (127.0.0.1:8480); port 0 takes any", true},
    {"tls-cert", "FILE", "certificate chain (PEM); with --tls-key: https", true},
    {"tls-key", "FILE", "its private key (PEM)", true},
    {"allow-plain-http", "", "plain http on an address that is not this machine's own: only behind a proxy that does TLS", false},
    {"max-waiters", "N", "requests that may wait for a change (10000)", true},
    {"max-per-address", "N", "connections of one address (0: half of all, 64 at least)", true},
    {"max-unknown-per-address", "N", "of them without a valid node key (256)", true},
    {"trusted-proxy", "ADDRESSES", "whose X-Forwarded-For counts: addresses and networks, with commas (nobody's)", true},
    {"log-requests", "", "a line of JSON to standard error for each request", true},
    {"metrics", "ADDRESS:PORT", "where to answer GET /metrics, for Prometheus, to whoever asks (nowhere)", true},
    {"drain-ms", "N", "how long /readyz says 503 before connections are refused (1000)", true},
});
// clang-format on

Result<Printed> run_serve(const Options& options) {
    const auto settings = serve_options(options);
    if (!settings) return tl::unexpected(settings.error());
    if (auto served = serve(*settings); !served) return tl::unexpected(served.error());
    return Printed{};
}

constexpr std::array serve_command = std::to_array<Command>({
    {"serve", serve_settings, "", R"(
  together-roled serve --db DB [--listen ADDRESS:PORT] [--tls-cert FILE --tls-key FILE]
                       [--allow-plain-http] [--max-waiters N] [--max-per-address N]
                       [--max-unknown-per-address N] [--trusted-proxy ADDRESSES] [--log-requests]
                       [--metrics ADDRESS:PORT] [--drain-ms N]
      answers until SIGTERM
)",
     run_serve},
});

constexpr std::string_view introduction = "together-roled: the role authority of GPU clusters\n";
constexpr std::string_view explanation = R"(
DB is a file, or postgresql://USER@HOST/NAME; one with a password stands in TOGETHER_ROLED_DB or in
the file of --config, since everybody on this machine sees the command line. NAME of an
organization may be its id; USER is an id, a login or an address. All but serve take --json.

Each takes --config FILE. A setting is taken from the command line, else from TOGETHER_ROLED_DB,
TOGETHER_ROLED_LISTEN and so on, else from section [roled] of that file (db = …, max_waiters = …).

Examples:
  together-roled init --db roles.db --organization Acme --owner ann@example.com --login ann
  together-roled serve --db roles.db
  curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8480/v1/whoami
)";

std::vector<Command> all_commands() {
    std::vector<Command> all;
    for (const auto& family :
         {organization_commands(), std::span<const Command>(serve_command), user_commands(),
          key_commands(), backup_commands(), audit_commands(), check_commands()})
        all.insert(all.end(), family.begin(), family.end());
    return all;
}

std::string help() {
    std::string text(introduction);
    for (const auto& command : all_commands()) text += command.usage;
    return text + std::string(explanation);
}

// How many words of the command line are the command's name; none where it is another command.
std::size_t words_of(const Command& command, const std::vector<std::string>& words) {
    std::string name;
    for (std::size_t taken = 0; taken < words.size(); ++taken) {
        name += (taken > 0 ? " " : "") + words[taken];
        if (name == command.name) return taken + 1;
    }
    return 0;
}

Result<Printed> run(const std::vector<std::string>& words) {
    for (const auto& command : all_commands()) {
        const auto taken = words_of(command, words);
        if (taken == 0) continue;
        const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(taken),
                                            words.end());
        const auto options = Options::read(
            rest, command.settings, serve_settings,
            [](const char* variable) -> const char* { return std::getenv(variable); },
            command.operand);
        if (!options) return tl::unexpected(options.error());
        return command.run(*options);
    }
    if (words.empty() || words.front().starts_with("-"))
        return failure("which command? (see --help)");
    std::string name;
    for (const auto& word : words) {
        if (word.starts_with("-")) break;
        name += (name.empty() ? "" : " ") + word;
    }
    return failure("unknown command '" + name + "' (see --help)");
}

}  // namespace
}  // namespace together::roled

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    for (const auto& word : words) {
        if (word != "--help" && word != "-h") continue;
        (void)std::fputs(together::roled::help().c_str(), stdout);
        return 0;
    }
    const auto done = together::roled::run(words);
    if (!done) {
        (void)std::fprintf(stderr, "together-roled: %s\n", done.error().message.c_str());
        return 1;
    }
    (void)std::fputs(done->text.c_str(), stdout);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        (void)std::fprintf(stderr, "together-roled: cannot write to stdout\n");
        return 1;
    }
    return done->status;
}
