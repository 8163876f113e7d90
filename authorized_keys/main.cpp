// SPDX-License-Identifier: Apache-2.0
// together-authorized-keys LOGIN: sshd's AuthorizedKeysCommand. sshd waits for it in each login,
// twice, so it asks nobody and ends within two seconds. Prints all keys of the login, or nothing
// and a line on stderr, with a status that is not 0: then sshd takes none of what it printed.
#include <nss.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <optional>
#include <string>

#include "authorized_keys/served_keys.h"
#include "common/system/io.h"

namespace {

constexpr unsigned max_seconds = 2;

int complain(const std::string& what) {
    const auto line = "together-authorized-keys: " + what + "\n";
    static_cast<void>(together::write_full(STDERR_FILENO, line.data(), line.size()));
    return 1;
}

// Whatever sshd was started with.
void end_in_time() {
    sigset_t alarm;
    ::sigemptyset(&alarm);
    ::sigaddset(&alarm, SIGALRM);
    static_cast<void>(::signal(SIGALRM, SIG_DFL));
    ::sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
    ::alarm(max_seconds);
}

// An account that was made here since the last round: it is found first, and the keys are not its.
std::optional<uid_t> uid_in_the_nodes_files(const std::string& login) {
    ::__nss_configure_lookup("passwd", "files");  // the others come behind us, and may hang
    const auto* account = ::getpwnam(login.c_str());
    return account == nullptr ? std::nullopt : std::optional(account->pw_uid);
}

int print_keys_of(const std::string& login) {
    const together::AccountsPaths paths;
    const auto served = together::ServedKeys::open(paths);
    if (!served) return complain(served.error().message);
    const auto keys = served->of(login, uid_in_the_nodes_files(login));
    if (!keys) return complain(paths.keys + ": " + keys.error().message);
    if (!together::write_full(STDOUT_FILENO, keys->data(), keys->size()))
        return complain("its output was not taken");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        // It runs as the user that speaks to the network: taken over, that one could trace us, and
        // print keys of its own. Until here, that we can be executed but not read prevents it.
        ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        end_in_time();
        if (argc != 2) return complain("usage: together-authorized-keys LOGIN");
        return print_keys_of(argv[1]);
    } catch (const std::exception& error) {
        return complain(error.what());
    }
}
