// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/other_services.h"

#include <nss.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

#include "common/accounts/accounts_database.h"
#include "common/config/word_list.h"
#include "common/roles/identifiers.h"
#include "common/system/node_accounts.h"
#include "common/system/random.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

constexpr std::size_t max_nsswitch = std::size_t{64} * 1024;

// In place of a login that is none of ours: its uid is taken all the same.
constexpr const char* some_login = "_";

void ask(const std::string& services, const People& people, Deadline deadline,
         FrameWriter& frames) {
    if (::__nss_configure_lookup("passwd", services.c_str()) != 0) return;
    SystemAccounts accounts;
    for (const auto& [login, uid] : people) {
        if (std::chrono::steady_clock::now() >= deadline) return;
        const auto theirs = accounts.uid_of(login);
        const auto owner = accounts.login_of(uid);
        if (!theirs || !owner) continue;
        if (*theirs) frames.elsewhere(login, **theirs);
        if (*owner && **owner != login)
            frames.elsewhere(is_login(**owner) ? **owner : some_login, uid);
        frames.asked(login);
    }
}

void leave_out_accounts_of_ours(People& people) {
    const auto file = AccountsDatabase::open(AccountsPaths().accounts, accounts_magic);
    const auto ours = file ? file->people() : std::nullopt;
    if (!ours) return;
    std::unordered_map<std::string_view, uid_t> uids;
    for (const auto& account : ours->accounts)
        if (!account.is_the_nodes) uids.emplace(account.login, account.uid);
    std::erase_if(people, [&](const auto& one) {
        const auto had = uids.find(one.first);
        return had != uids.end() && had->second == one.second;
    });
}

}  // namespace

std::string other_services(std::string_view nsswitch) {
    constexpr std::array<std::string_view, 2> known = {"files", "together"};
    constexpr std::string_view database = "passwd";
    std::string services;
    while (!nsswitch.empty()) {
        auto line = nsswitch.substr(0, nsswitch.find('\n'));
        nsswitch.remove_prefix(std::min(line.size() + 1, nsswitch.size()));
        line = line.substr(0, line.find('#'));
        // Blanks before the name and the colon are glibc's to overlook.
        const auto colon = std::min(line.find(':'), line.size());
        const auto name = words_of(line.substr(0, colon));
        if (name.size() != 1 || name.front() != database || colon == line.size()) continue;
        bool is_action = false;  // [NOTFOUND=return]
        for (const auto word : words_of(line.substr(colon + 1))) {
            is_action = is_action || word.starts_with('[');
            if (!is_action && std::find(known.begin(), known.end(), word) == known.end())
                services.append(services.empty() ? "" : " ").append(word);
            if (word.ends_with(']')) is_action = false;
        }
    }
    return services;
}

void ask_other_services(People people, Deadline deadline, int channel) {
    FrameWriter frames(channel);
    const auto nsswitch = read_trusted("/etc/nsswitch.conf", max_nsswitch);
    if (!nsswitch && nsswitch.error().kind != FileError::missing) return;
    const auto services = nsswitch ? other_services(*nsswitch) : std::string();
    if (services.empty()) return frames.asked("");
    leave_out_accounts_of_ours(people);
    if (people.empty()) return;
    // One about whom a service never answers must not keep the same others waiting in each round.
    const auto first = random_fraction() * static_cast<double>(people.size());
    std::rotate(people.begin(), people.begin() + static_cast<std::ptrdiff_t>(first), people.end());
    // What __nss_configure_lookup() says holds for the rest of a process.
    const pid_t asking = ::fork();
    if (asking == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ask(services, people, deadline, frames);
        ::_exit(0);
    }
    while (asking > 0 && ::waitpid(asking, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace together
