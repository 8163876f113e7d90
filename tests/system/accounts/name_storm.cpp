// SPDX-License-Identifier: Apache-2.0
// Threads that ask for names, and fork, while accounts.v1 is replaced as fast as a disk can.
//
//   accounts_name_storm FILE COPY COPY REPLACEMENTS
//
// Both copies have alice and bob with the same ids, at other places. Prints each wrong answer, then
// "done".
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<bool> is_over{false};
std::atomic<int> wrong_answers{0};

void must(bool holds, const char* what) {
    if (holds) return;
    if (wrong_answers++ < 20) std::printf("wrong: %s: %s\n", what, std::strerror(errno));
}

void ask_once() {
    std::vector<char> buffer(65536);
    passwd user{};
    passwd* one = nullptr;
    ::getpwnam_r("alice", &user, buffer.data(), buffer.size(), &one);
    must(one != nullptr && one->pw_uid == 10001, "alice");
    ::getpwuid_r(10002, &user, buffer.data(), buffer.size(), &one);
    must(one != nullptr && std::string(one->pw_name) == "bob", "10002");
    ::getpwnam_r("mallory", &user, buffer.data(), buffer.size(), &one);
    must(one == nullptr, "mallory");
    group entry{};
    group* lab = nullptr;
    ::getgrnam_r("p-lab", &entry, buffer.data(), buffer.size(), &lab);
    must(lab != nullptr && lab->gr_gid == 20000 && std::string(lab->gr_mem[0]) == "alice" &&
             std::string(lab->gr_mem[1]) == "bob",
         "p-lab");
    gid_t gids[8];
    int count = 8;
    ::getgrouplist("bob", 10002, gids, &count);
    must(count == 2 && gids[1] == 20000, "bob's groups");
}

void ask() {
    while (!is_over) ask_once();
}

void fork_and_ask() {
    while (!is_over) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(30);
            wrong_answers = 0;
            ask_once();
            ::_exit(wrong_answers == 0 ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        must(status == 0, "a child");
    }
}

std::string content_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void replace(const std::string& path, const std::string& content) {
    const auto temporary = path + ".storm";
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
        ::close(file) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
        std::abort();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::string copies[] = {content_of(argv[2]), content_of(argv[3])};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back(ask);
    for (int i = 0; i < 2; ++i) threads.emplace_back(fork_and_ask);
    for (int i = 0; i < std::atoi(argv[4]); ++i) replace(argv[1], copies[i % 2]);
    is_over = true;
    for (auto& thread : threads) thread.join();
    std::puts("done");
}
