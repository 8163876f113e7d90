// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/known_people.h"

#include <fcntl.h>
#include <lastlog.h>
#include <pwd.h>
#include <unistd.h>
#include <utmp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>

#include "common/system/duration.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "common/system/node_accounts.h"
#include "processes/installed_program.h"
#include "processes/run_program.h"
#include "togetherctl/processes/patient_look.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

constexpr std::time_t thirty_days = std::time_t{30} * 24 * 3600;

struct CloseFile {
    void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

// An entry that a program's own record made up is left to the gate's answer, but it must be one
// word of a sane length.
void add(KnownPeople& people, const std::string& login, std::optional<uid_t> uid,
         const std::string& sign) {
    if (login.empty() || login == "root" || uid == 0U || login.size() > 256) return;
    auto& person = people.by_login[login];
    if (!person.uid) person.uid = uid;
    if (std::find(person.signs.begin(), person.signs.end(), sign) == person.signs.end())
        person.signs.push_back(sign);
}

// Shells that let nobody work: the others let whoever has a key in.
bool is_a_shell(const std::string& path) {
    constexpr std::array<std::string_view, 7> none = {"nologin",  "false", "true", "sync",
                                                      "shutdown", "halt",  "null"};
    const auto name = std::string_view(path).substr(path.rfind('/') + 1);
    return std::find(none.begin(), none.end(), name) == none.end();
}

std::string expanded(std::string_view pattern, const passwd& account) {
    std::string path;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 == pattern.size()) {
            path += pattern[i];
            continue;
        }
        switch (pattern[++i]) {
            case 'h':
                path += account.pw_dir;
                break;
            case 'u':
                path += account.pw_name;
                break;
            case 'U':
                path += std::to_string(account.pw_uid);
                break;
            default:
                path += pattern[i];
        }
    }
    return path.starts_with('/') ? path : std::string(account.pw_dir) + "/" + path;
}

// Homes can be on a file server that is dead.
void add_keys(KnownPeople& people, const std::vector<std::pair<std::string, uid_t>>& accounts,
              const std::vector<std::vector<std::string>>& files) {
    const auto found = any_not_empty(files, 2s, 10s);
    std::string missed;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        const auto& [login, uid] = accounts[i];
        if (!found[i])
            missed += (missed.empty() ? "" : ", ") + login;
        else if (*found[i])
            add(people, login, uid, "keys");
    }
    if (!missed.empty())
        people.not_read.push_back("the keys of " + missed +
                                  ": no answer in time (is the server of their homes dead?)");
}

void add_accounts(KnownPeople& people, const std::vector<std::string>& key_files) {
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen("/etc/passwd", "re"));
    if (!file) {
        people.not_read.push_back(errno_text("/etc/passwd", errno));
        return;
    }
    std::vector<std::pair<std::string, uid_t>> accounts;
    std::vector<std::vector<std::string>> files;
    while (const passwd* account = ::fgetpwent(file.get())) {
        const std::string shell = account->pw_shell;
        if (shell.empty() || is_a_shell(shell))
            add(people, account->pw_name, account->pw_uid, "shell");
        accounts.emplace_back(account->pw_name, account->pw_uid);
        auto& paths = files.emplace_back();
        for (const auto& pattern : key_files) paths.push_back(expanded(pattern, *account));
    }
    add_keys(people, accounts, files);
}

template <std::size_t size>
std::string text_of(const char (&field)[size]) {
    return {field, ::strnlen(field, size)};
}

FileDescriptor open_record(const char* path) {
    return FileDescriptor(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
}

std::string login_sign(std::time_t when, std::time_t now) {
    return "login " + format_age(std::chrono::seconds(std::max<std::time_t>(now - when, 0))) +
           " ago";
}

using LastLogins = std::map<std::string, std::time_t>;

void note_login(LastLogins& logins, const std::string& login, std::time_t when, std::time_t now) {
    if (now - when > thirty_days) return;
    auto& latest = logins[login];
    latest = std::max(latest, when);
}

void read_wtmp(const char* path, LastLogins& logins, std::time_t now) {
    const auto file = open_record(path);
    utmp record{};
    while (file && read_full(file.get(), &record, sizeof record) == sizeof record)
        if (record.ut_type == USER_PROCESS)
            note_login(logins, text_of(record.ut_user), record.ut_tv.tv_sec, now);
}

// Indexed by uid, mostly holes: with uids of a directory it is gigabytes long.
void read_lastlog(LastLogins& logins, std::time_t now) {
    const auto file = open_record("/var/log/lastlog");
    if (!file) return;
    constexpr auto size = static_cast<off_t>(sizeof(lastlog));
    SystemAccounts accounts;
    for (off_t at = 0; (at = ::lseek(file.get(), at, SEEK_DATA)) >= 0;) {
        const off_t end = ::lseek(file.get(), at, SEEK_HOLE);
        for (at -= at % size; at < end; at += size) {
            lastlog record{};
            if (read_full_at(file.get(), &record, sizeof record, at) != size) return;
            if (record.ll_time == 0 || now - record.ll_time > thirty_days) continue;
            const auto uid = static_cast<uid_t>(at / size);
            const auto login = accounts.login_of(uid);
            if (login && *login) note_login(logins, **login, record.ll_time, now);
        }
    }
}

void add_logins(KnownPeople& people) {
    const std::time_t now = std::time(nullptr);
    LastLogins logins;
    for (const char* path : {"/var/log/wtmp", "/var/log/wtmp.1"}) read_wtmp(path, logins, now);
    read_lastlog(logins, now);
    for (const auto& [login, when] : logins) add(people, login, {}, login_sign(when, now));
    // Databases that took their place (Debian 13 and later).
    for (const char* path : {"/var/lib/wtmpdb/wtmp.db", "/var/lib/lastlog/lastlog2.db"})
        if (::access(path, F_OK) == 0)
            people.not_read.push_back("logins in " + std::string(path) +
                                      " (look with wtmpdb last, lastlog2)");
}

void add_jobs(KnownPeople& people) {
    const auto sacct = slurm_program("sacct");
    if (sacct.empty()) return;
    const auto output = output_of(sacct,
                                  {"--allusers", "--allocations", "--noheader", "--parsable2",
                                   "--format=user", "--starttime=now-30days"},
                                  60s);
    if (!output) {
        people.not_read.push_back("Slurm's jobs: " + output.error().message);
        return;
    }
    for (std::size_t at = 0; at < output->size();) {
        const auto end = std::min(output->find('\n', at), output->size());
        add(people, output->substr(at, end - at), {}, "job");
        at = end + 1;
    }
}

}  // namespace

KnownPeople find_known_people(const std::vector<std::string>& key_files) {
    KnownPeople people;
    add_accounts(people, key_files);
    add_logins(people);
    add_jobs(people);
    return people;
}

std::vector<std::string> logins_with_keys(const std::vector<std::string>& logins,
                                          const std::vector<std::string>& key_files) {
    std::vector<std::string> known;
    std::vector<std::vector<std::string>> files;
    for (const auto& login : logins) {
        const passwd* account = ::getpwnam(login.c_str());
        if (account == nullptr) continue;
        known.push_back(login);
        auto& paths = files.emplace_back();
        for (const auto& pattern : key_files) paths.push_back(expanded(pattern, *account));
    }
    const auto found = any_not_empty(files, 2s, 10s);
    std::vector<std::string> with_keys;
    for (std::size_t i = 0; i < known.size(); ++i)
        if (found[i].value_or(true)) with_keys.push_back(known[i]);
    return with_keys;
}

}  // namespace together::ctl
