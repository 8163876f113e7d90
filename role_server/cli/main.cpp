// SPDX-License-Identifier: Apache-2.0
// together-roled: the role authority that can be run anywhere.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "role_server/cli/commands.h"
#include "role_server/cli/options.h"
#include "role_server/cli/serve_options.h"
#include "role_server/server/serve.h"

namespace together::roled {
namespace {

// clang-format off
constexpr OptionSpec db{"db", "FILE", "the database (SQLite)", true};
constexpr OptionSpec config{"config", "FILE", "settings, in section [roled]", false};
constexpr std::array init_settings = std::to_array<OptionSpec>({
    db, config,
    {"organization", "NAME", "name of the first organization", false},
    {"owner", "EMAIL", "address of its Owner", false},
    {"login", "NAME", "login name of the Owner", false},
});
constexpr std::array serve_settings = std::to_array<OptionSpec>({
    db, config,
    {"listen", "ADDRESS:PORT", "where to listen (127.0.0.1:8480); port 0 takes any", true},
    {"tls-cert", "FILE", "certificate chain (PEM); with --tls-key: https", true},
    {"tls-key", "FILE", "its private key (PEM)", true},
    {"allow-plain-http", "", "plain http on an address that is not this machine's own: only behind a proxy that does TLS", false},
    {"max-waiters", "N", "requests that may wait for a change (10000)", true},
    {"max-per-address", "N", "connections of one address (0: half of all, 64 at least)", true},
    {"max-unknown-per-address", "N", "of them without a valid node key (256)", true},
    {"drain-ms", "N", "how long /readyz says 503 before connections are refused (1000)", true},
});
constexpr std::array user_settings = std::to_array<OptionSpec>({
    db, config,
    {"organization", "NAME", "name or id of the organization", false},
    {"email", "EMAIL", "address of the new member", false},
    {"login", "NAME", "login name on the nodes", false},
    {"uid", "N", "uid on the nodes", false},
    {"role", "ROLE", "admin or member (member), in the organization", false},
});
// clang-format on

constexpr std::string_view usage = R"(together-roled: the role authority of GPU clusters

  together-roled init --db FILE --organization NAME --owner EMAIL [--login NAME]
      makes a database with one organization; prints its ids and the Owner's token, once
  together-roled user add --db FILE --organization NAME --email EMAIL
                          [--login NAME] [--uid N] [--role admin|member]
      adds a member, also while the server runs; prints the user's id and token, once
  together-roled serve --db FILE [--listen ADDRESS:PORT] [--tls-cert FILE --tls-key FILE]
                       [--allow-plain-http] [--max-waiters N] [--max-per-address N]
                       [--max-unknown-per-address N] [--drain-ms N]
      answers until SIGTERM

Each takes --config FILE. A setting is taken from the command line, else from TOGETHER_ROLED_DB,
TOGETHER_ROLED_LISTEN and so on, else from section [roled] of that file (db = …, max_waiters = …).

Examples:
  together-roled init --db roles.db --organization Acme --owner ann@example.com --login ann
  together-roled serve --db roles.db
  curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8480/v1/whoami
)";

Result<std::string> run_serve(const Options& options) {
    const auto settings = serve_options(options);
    if (!settings) return tl::unexpected(settings.error());
    if (auto served = serve(*settings); !served) return tl::unexpected(served.error());
    return std::string();
}

Result<std::string> run_init(const Options& options) {
    InitOptions init_options;
    for (const auto& [name, value] :
         {std::pair{"db", &init_options.db}, std::pair{"organization", &init_options.organization},
          std::pair{"owner", &init_options.owner_email}}) {
        const auto given = options.require(name);
        if (!given) return tl::unexpected(given.error());
        *value = *given;
    }
    init_options.owner_login = options.get("login");
    return init(init_options);
}

Result<std::string> run_user_add(const Options& options) {
    UserOptions user;
    for (const auto& [name, value] :
         {std::pair{"db", &user.db}, std::pair{"organization", &user.organization},
          std::pair{"email", &user.email}}) {
        const auto given = options.require(name);
        if (!given) return tl::unexpected(given.error());
        *value = *given;
    }
    user.login = options.get("login");
    const auto uid = options.number("uid", 0, UINT32_MAX);
    if (!uid) return tl::unexpected(uid.error());
    if (options.has("uid")) user.uid = static_cast<std::int64_t>(*uid);
    const auto role = role_named(options.get("role").value_or("member"));
    if (!role) return failure("--role: a role is admin or member");
    user.role = *role;
    return add_user(user);
}

struct Command {
    std::string_view name;
    std::span<const OptionSpec> settings;
    Result<std::string> (*run)(const Options&);
};

constexpr std::array commands = std::to_array<Command>({
    {"init", init_settings, run_init},
    {"serve", serve_settings, run_serve},
    {"user add", user_settings, run_user_add},
});

Result<std::string> run(const std::vector<std::string>& words) {
    std::string name;
    std::size_t taken = 0;
    for (; taken < words.size() && !words[taken].starts_with("-"); ++taken)
        name += (taken > 0 ? " " : "") + words[taken];
    for (const auto& command : commands) {
        if (command.name != name) continue;
        const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(taken),
                                            words.end());
        const auto options = Options::read(
            rest, command.settings, serve_settings,
            [](const char* variable) -> const char* { return std::getenv(variable); });
        if (!options) return tl::unexpected(options.error());
        return command.run(*options);
    }
    return failure(name.empty() ? "which command? (see --help)"
                                : "unknown command '" + name + "' (see --help)");
}

}  // namespace
}  // namespace together::roled

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    for (const auto& word : words) {
        if (word != "--help" && word != "-h") continue;
        (void)std::fwrite(together::roled::usage.data(), 1, together::roled::usage.size(), stdout);
        return 0;
    }
    const auto done = together::roled::run(words);
    if (!done) {
        (void)std::fprintf(stderr, "together-roled: %s\n", done.error().message.c_str());
        return 1;
    }
    (void)std::fputs(done->c_str(), stdout);
    return 0;
}
