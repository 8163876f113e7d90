// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/other_services.h"

#include <grp.h>
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

struct Services {
    std::string passwd;
    std::string group;
};

// False where there was no answer.
bool ask_account(const std::string& login, uid_t uid, FrameWriter& frames) {
    SystemAccounts accounts;
    const auto theirs = accounts.uid_of(login);
    const auto owner = accounts.login_of(uid);
    if (!theirs || !owner) return false;
    if (*theirs) frames.elsewhere(login, **theirs);
    if (*owner && **owner != login) frames.elsewhere(is_login(**owner) ? **owner : some_login, uid);
    return true;
}

// getgrnam(3) says "no such group" in several ways.
bool answered(const group* found) {
    return found != nullptr || errno == 0 || errno == ENOENT || errno == ESRCH || errno == EBADF ||
           errno == EPERM;
}

bool ask_group(const std::string& name, gid_t gid, FrameWriter& frames) {
    errno = 0;
    const group* found = ::getgrnam(name.c_str());
    if (!answered(found)) return false;
    if (found != nullptr) frames.group_elsewhere(is_login(name) ? name : some_login, found->gr_gid);
    errno = 0;
    found = ::getgrgid(gid);
    if (!answered(found)) return false;
    if (found != nullptr)
        frames.group_elsewhere(is_login(found->gr_name) ? found->gr_name : some_login, gid);
    return true;
}

bool ask_projects_groups(const QuestionsToServices& questions, FrameWriter& frames) {
    const auto& [people, name, group] = questions;
    return (!group->gid || ask_group(name, *group->gid, frames)) &&
           (!group->admin_gid ||
            ask_group(name + std::string(admin_suffix), *group->admin_gid, frames));
}

void ask(const Services& services, const QuestionsToServices& questions, Deadline deadline,
         FrameWriter& frames) {
    const bool accounts = !services.passwd.empty();
    const bool groups = !services.group.empty();
    if ((accounts && ::__nss_configure_lookup("passwd", services.passwd.c_str()) != 0) ||
        (groups && ::__nss_configure_lookup("group", services.group.c_str()) != 0))
        return;
    const auto& name = questions.group_name;
    if (questions.group && is_login(name) && (!groups || ask_projects_groups(questions, frames)))
        frames.asked(name);
    for (const auto& [login, uid] : questions.people) {
        if (std::chrono::steady_clock::now() >= deadline) return;
        if ((!accounts || ask_account(login, uid, frames)) &&
            (!groups || ask_group(login, uid, frames)))
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

std::string other_services(std::string_view nsswitch, std::string_view database) {
    constexpr std::array<std::string_view, 2> known = {"files", "together"};
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

void ask_other_services(QuestionsToServices questions, Deadline deadline, int channel) {
    FrameWriter frames(channel);
    const auto nsswitch = read_trusted("/etc/nsswitch.conf", max_nsswitch);
    if (!nsswitch && nsswitch.error().kind != FileError::missing) return;
    const auto of = [&](const char* database) {
        return nsswitch ? other_services(*nsswitch, database) : std::string();
    };
    const Services services{of("passwd"), of("group")};
    if (services.passwd.empty() && services.group.empty()) return frames.asked("");
    auto& people = questions.people;
    leave_out_accounts_of_ours(people);
    if (people.empty() && !questions.group) return;
    // One about whom a service never answers must not keep the same others waiting in each round.
    const auto first = random_fraction() * static_cast<double>(people.size());
    std::rotate(people.begin(), people.begin() + static_cast<std::ptrdiff_t>(first), people.end());
    // What __nss_configure_lookup() says holds for the rest of a process.
    const pid_t asking = ::fork();
    if (asking == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ask(services, questions, deadline, frames);
        ::_exit(0);
    }
    while (asking > 0 && ::waitpid(asking, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace together
