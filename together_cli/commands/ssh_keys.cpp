// SPDX-License-Identifier: Apache-2.0
// together ssh-keys: your public keys, which nodes take from the roster.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "common/system/trimmed.h"
#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr std::size_t max_key = 16'384;
constexpr std::array<std::string_view, 7> key_types = {
    "ssh-ed25519 ",
    "ssh-rsa ",
    "ecdsa-sha2-nistp256 ",
    "ecdsa-sha2-nistp384 ",
    "ecdsa-sha2-nistp521 ",
    "sk-ssh-ed25519@openssh.com ",
    "sk-ecdsa-sha2-nistp256@openssh.com ",
};
constexpr std::array<const char*, 3> names_of_keys = {"id", "name", "fingerprint"};
constexpr const char* path = "/users/me/ssh_keys";
constexpr Column columns[] = {{"NAME", "name"},
                              {"FINGERPRINT", "fingerprint"},
                              {"ADDED", "created_at", Cell::time},
                              {"ID", "id"}};

// Anything else stays here: it may be a secret.
bool is_public_key(std::string_view text) {
    return text.find_first_of("\r\n") == text.npos &&
           std::any_of(key_types.begin(), key_types.end(),
                       [&](std::string_view type) { return text.starts_with(type); });
}

Outcome<std::string> public_key_in(const std::string& name) {
    const FileDescriptor file(name == "-" ? ::dup(STDIN_FILENO)
                                          : ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return trouble(exit_cannot_tell, errno_text("cannot open " + name, errno));
    std::string text(max_key, '\0');
    const auto got = read_full(file.get(), text.data(), text.size());
    if (got < 0) return trouble(exit_cannot_tell, errno_text("cannot read " + name, errno));
    text.resize(static_cast<std::size_t>(got));
    if (text.find("PRIVATE KEY") != text.npos)
        return trouble(exit_cannot_tell, name +
                                             " is a private key, which stays where it is: name the "
                                             "public one beside it, " +
                                             name + ".pub");
    const auto key = trimmed(text, " \t\r\n");
    if (!is_public_key(key))
        return trouble(exit_cannot_tell,
                       name +
                           " is no public key, which is one line: ssh-ed25519, ssh-rsa, "
                           "ecdsa-sha2-… or sk-…, and Base64");
    return std::string(key);
}

int run_list(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto keys = session.authority.list(path);
        if (!keys) return tl::unexpected(keys.error());
        return show(session.output, session.quiet(), *keys, columns, "you have no key here");
    });
}

int run_add(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto text = public_key_in(session.line.operand());
        if (!text) return tl::unexpected(text.error());
        Json::Value body;
        body["public_key"] = *text;
        if (const auto name = session.line.value("name")) body["name"] = *name;
        return ChangeReport(session, "your key is on the rosters that you are on")
            .anywhere()
            .make("POST", path, body);
    });
}

int run_remove(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto keys = session.authority.list(path);
        if (!keys) return tl::unexpected(keys.error());
        const auto key = one_named(*keys, names_of_keys, session.line.operand(), "key of yours");
        if (!key) return tl::unexpected(key.error());
        return ChangeReport(session, "your key " + text_in(*key, "fingerprint") +
                                         " is on no roster any more")
            .anywhere()
            .make("DELETE", std::string(path) + "/" + escaped(text_in(*key, "id")));
    });
}

constexpr std::array<Option, 3> add_options = {{
    {"name", "NAME", "what to call it (default: its comment)"},
    wait_option,
    dry_run_option,
}};
constexpr std::array<Option, 2> remove_options = {{wait_option, dry_run_option}};

}  // namespace

constinit const Verb ssh_keys_verb = {
    .name = "ssh-keys",
    .operand = "",
    .summary = "list your public SSH keys",
    .about = "Nodes let you in with them where accounts come from the roster.",
    .options = {},
    .statuses = statuses,
    .example = "together ssh-keys",
    .run = run_list,
};

constinit const Verb ssh_keys_add_verb = {
    .name = "ssh-keys add",
    .operand = "FILE",
    .summary = "add one; - reads stdin",
    .about = "A public key as ssh-keygen writes it: one line, in a file that ends with .pub.",
    .options = add_options,
    .statuses = statuses,
    .example = "together ssh-keys add ~/.ssh/id_ed25519.pub",
    .run = run_add,
};

constinit const Verb ssh_keys_remove_verb = {
    .name = "ssh-keys remove",
    .operand = "KEY",
    .summary = "remove one, by name, fingerprint or id",
    .about = "Sessions that were opened with it go on.",
    .options = remove_options,
    .statuses = statuses,
    .example = "together ssh-keys remove laptop",
    .run = run_remove,
};

}  // namespace together::cli
