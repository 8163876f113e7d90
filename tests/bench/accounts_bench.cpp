// SPDX-License-Identifier: Apache-2.0
// What names cost through glibc, from whatever service nsswitch.conf names.
//
//   accounts_bench make FILE ACCOUNTS         an accounts.v1 of user0, user1, … and their groups
//                                             user-lab0, user-lab1, …, each of 10,000 members
//   accounts_bench ask FILE PREFIX ACCOUNTS   p50 in microseconds of: a look-up's six system calls
//                                             bare, getpwnam, of an absent name, getpwuid,
//                                             getgrouplist, getgrnam of a private group, of a
//                                             group of 10,000; of names chosen at random
//   accounts_bench first QUESTION LOGIN UID   microseconds of this process's first getpwnam,
//   getpwuid,
//                                             getgrnam or getgrouplist, and whether it was answered
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

#include "tests/bench/samples.h"
#include "together_refresh/update/accounts_writer.h"

using namespace together;

namespace {

constexpr uid_t first_uid = 100'000;
constexpr gid_t first_lab = 60'000;
constexpr unsigned members_of_a_lab = 10'000;

std::string lab_of(const std::string& prefix, unsigned number) {
    return prefix + "-lab" + std::to_string(number / members_of_a_lab);
}

int make(const char* path, unsigned number) {
    Accounts accounts;
    for (unsigned i = 0; i < number; ++i) {
        const auto text = std::to_string(i);
        const gid_t gid = first_lab + i / members_of_a_lab;
        accounts.accounts.push_back({"user" + text, "user_" + text, first_uid + i, {gid}, false});
        if (i % members_of_a_lab == 0) accounts.groups.push_back({lab_of("user", i), gid, {}});
        accounts.groups.back().members.push_back("user" + text);
    }
    AccountsHeader header;
    header.magic = accounts_magic;
    auto records = account_records(accounts, AccountsConfig{}, header.people_records);
    return write_accounts_file(path, std::move(records), header, {0644, ::getegid()}) ? 0 : 1;
}

void must(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::perror(("accounts_bench: line " + std::to_string(line)).c_str());
    std::abort();
}

// As many bytes as the module reads of a table's place, of a table, of a record.
void bare_system_calls(const char* path, unsigned random) {
    std::array<char, 1100> buffer;
    struct stat status {};
    const int file = ::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    must(file >= 0 && ::fstat(file, &status) == 0);
    for (const std::size_t size : {std::size_t{24}, std::size_t{128}, buffer.size()}) {
        random = random * 1664525 + 1013904223;
        const auto at = static_cast<off_t>(random % static_cast<unsigned>(status.st_size - 2048));
        must(::pread(file, buffer.data(), size, size == 24 ? at % 2024 : at) > 0);
    }
    must(::close(file) == 0);
}

struct Names {
    std::string prefix;
    unsigned number;
    std::mt19937 random{1};

    unsigned any() { return static_cast<unsigned>(random() % number); }
    std::string login() { return prefix + std::to_string(any()); }
};

// As many, and no more once they took as long as that: others' look-ups in a million take a second.
template <class Ask>
Samples samples_of(const Ask& ask, std::size_t most, double enough) {
    Samples samples;
    for (double spent = 0; samples.size() < most && spent < enough; spent += samples.back())
        samples.push_back(ask());
    return samples;
}

template <class Ask>
void measure(const Ask& ask) {
    samples_of(ask, 50, 50'000);  // to warm up
    std::printf("%.3f ", percentile(samples_of(ask, 1000, 200'000), 0.5));
}

int ask(const char* path, Names names) {
    measure([&] {
        const auto random = static_cast<unsigned>(names.random());
        return time_of([&] { bare_system_calls(path, random); });
    });
    measure([&] {
        const auto login = names.login();
        return time_of([&] { must(::getpwnam(login.c_str()) != nullptr); });
    });
    measure([&] {
        const auto login = "absent" + names.login();
        return time_of([&] { must(::getpwnam(login.c_str()) == nullptr); });
    });
    measure([&] {
        const uid_t uid = first_uid + names.any();
        return time_of([&] { must(::getpwuid(uid) != nullptr); });
    });
    measure([&] {
        const auto number = names.any();
        const auto login = names.prefix + std::to_string(number);
        std::array<gid_t, 16> gids;
        int count = static_cast<int>(gids.size());
        return time_of([&] {
            must(::getgrouplist(login.c_str(), first_uid + number, gids.data(), &count) == 2);
        });
    });
    const auto members_in = [](const std::string& name) {
        const auto* group = ::getgrnam(name.c_str());
        must(group != nullptr);
        return group->gr_mem;
    };
    measure([&] {
        const auto name = names.login();
        return time_of([&] { must(members_in(name)[0] == nullptr); });
    });
    const auto last = std::min(names.number, members_of_a_lab) - 1;
    measure([&] {
        const auto name = lab_of(names.prefix, names.any());
        return time_of([&] { must(members_in(name)[last] != nullptr); });
    });
    std::puts("");
    return 0;
}

int first(const std::string& question, const char* login, uid_t uid) {
    bool found = false;
    const auto took = time_of([&] {
        if (question == "getpwnam") {
            found = ::getpwnam(login) != nullptr;
        } else if (question == "getpwuid") {
            found = ::getpwuid(uid) != nullptr;
        } else if (question == "getgrnam") {
            found = ::getgrnam(login) != nullptr;
        } else {
            std::array<gid_t, 16> gids;
            int count = static_cast<int>(gids.size());
            found = ::getgrouplist(login, uid, gids.data(), &count) == 2;
        }
    });
    std::printf("%.3f %d\n", took, found ? 1 : 0);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 2 ? argv[1] : "";
    if (what == "make" && argc == 4)
        return make(argv[2], static_cast<unsigned>(std::atoi(argv[3])));
    if (what == "ask" && argc == 5)
        return ask(argv[2], {argv[3], static_cast<unsigned>(std::atoi(argv[4]))});
    if (what == "first" && argc == 5)
        return first(argv[2], argv[3], static_cast<uid_t>(std::atoi(argv[4])));
    return 2;
}
