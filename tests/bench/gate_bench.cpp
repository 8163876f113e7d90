// SPDX-License-Identifier: Apache-2.0
// One warm decision, everything opened and parsed anew: configuration, lockdown, admissions,
// roster, stamp. Prints "name p50 p99" in microseconds. What the machine takes for the same system
// calls without a decision, and for one page fault, says how much of it is ours.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/decision/gate.h"
#include "tests/bench/samples.h"
#include "together_refresh/update/snapshot_writer.h"

using namespace together;

namespace {

constexpr int rounds = 2000;
constexpr int processes = 300;

void make_node(const std::string& folder, int collaborators) {
    ::mkdir(folder.c_str(), 0755);
    const std::string path = folder + "/together.conf";
    std::ofstream(path) << "[api]\nbase_url = https://roles.example.org/v1\nproject = proj_bench\n"
                        << "[roster]\ndirectory = " << folder << "\nfresh_for = 1h\n"
                        << "[gate]\ncontact = Questions: support@example.org\n";
    ::chmod(path.c_str(), 0644);
    RosterContent content;
    content.project = "proj_bench";
    content.base_url = "https://roles.example.org/v1";
    content.revision = 7;
    content.validated = SystemClock().now();
    for (int i = 0; i < collaborators; ++i) {
        RosterEntry entry;
        entry.login = "user" + std::to_string(i);
        entry.user_id = "user_" + std::to_string(i);
        entry.role = i == 0 ? "admin" : "member";
        entry.uid = static_cast<uid_t>(10'000 + i);
        entry.uid_source = UidSource::node;
        content.entries.push_back(std::move(entry));
    }
    if (!write_snapshot(RosterPaths(*load_config(path)), std::move(content))) std::abort();
}

void decide(const std::string& config, const std::string& login, Verdict expected) {
    SystemClock clock;
    SystemAccounts accounts;
    NoRefresher refresher;
    Gate gate(load_config(config), clock, accounts, refresher);
    if (gate.decide({Subject::of_login(login), Action::ssh_login, false}).verdict != expected)
        std::abort();
}

void report(const std::string& name, const Samples& samples) {
    std::printf("%-44s %10.1f %10.1f\n", name.c_str(), percentile(samples, 0.5),
                percentile(samples, 0.99));
    std::fflush(stdout);
}

// The system calls of one decision about somebody on the roster, in their order.
void bare_system_calls(const std::string& folder) {
    std::array<char, 1024> buffer;
    struct stat status {};
    const auto read_part = [&](int fd, std::size_t size, off_t offset) {
        if (::pread(fd, buffer.data(), size, offset) < 0) std::abort();
    };
    const auto open_one = [&](const std::string& path) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || ::fstat(fd, &status) != 0) std::abort();
        return fd;
    };
    const int config = open_one(folder + "/together.conf");
    read_part(config, static_cast<std::size_t>(status.st_size), 0);
    ::close(config);
    if (::open((folder + "/together.conf.d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 ||
        ::lstat((folder + "/lockdown").c_str(), &status) == 0 ||
        ::open((folder + "/admit.d/user").c_str(), O_RDONLY | O_CLOEXEC) >= 0)
        std::abort();
    const int roster = open_one(folder + "/proj_bench.roster.v1");
    read_part(roster, sizeof(SnapshotHeader),
              status.st_size - static_cast<off_t>(sizeof(SnapshotHeader)));
    if (::open((folder + "/proj_bench.roster.v1.stamp").c_str(), O_RDONLY | O_CLOEXEC) >= 0)
        std::abort();
    for (const std::size_t size : {std::size_t{8}, std::size_t{128}, std::size_t{584}})
        read_part(roster, size, 2048);
    ::close(roster);
}

void measure_machine() {
    Samples calls;
    for (int i = 0; i < rounds; ++i) calls.push_back(time_of([] { ::getppid(); }));
    report("the machine: one system call", calls);
    constexpr std::size_t page = 4096;
    auto* pages = static_cast<char*>(
        ::mmap(nullptr, rounds * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (pages == MAP_FAILED || ::madvise(pages, rounds * page, MADV_NOHUGEPAGE) != 0) std::abort();
    Samples faults;
    for (std::size_t i = 0; i < rounds; ++i)
        faults.push_back(time_of([&] { *const_cast<volatile char*>(pages + i * page) = 1; }));
    ::munmap(pages, rounds * page);
    report("the machine: one page fault", faults);
}

// In a process of its own: a login is not decided where a roster was written, whose heap a child
// would have to copy.
std::string node_made_elsewhere(const std::string& folder, int collaborators) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        make_node(folder, collaborators);
        ::_exit(0);
    }
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || status != 0) std::abort();
    return folder + "/together.conf";
}

void measure(const std::string& folder, int collaborators) {
    const auto config = node_made_elsewhere(folder, collaborators);
    const auto login = "user" + std::to_string(collaborators / 2);
    const auto allowed = [&] { decide(config, login, Verdict::allow); };
    const auto size = std::to_string(collaborators);
    Samples hot;
    for (int i = 0; i < rounds; ++i) hot.push_back(time_of(allowed));
    report("decision, hot, " + size, hot);
    Samples bare;
    for (int i = 0; i < rounds; ++i) bare.push_back(time_of([&] { bare_system_calls(folder); }));
    report("its system calls alone, hot, " + size, bare);
    std::printf("%-44s %10.2f\n", "ratio", percentile(hot, 0.5) / percentile(bare, 0.5));
    Samples forked;
    for (int i = 0; i < processes; ++i) forked.push_back(time_in_new_process(allowed));
    report("decision, new process, " + size, forked);
    std::printf("%-44s %10ld\n", "its page faults", page_faults_in_new_process(allowed));
    Samples absent;
    for (int i = 0; i < rounds; ++i)
        absent.push_back(time_of([&] { decide(config, "stranger", Verdict::deny); }));
    report("decision, absent name, hot, " + size, absent);
    std::printf("%-44s %10.2f\n", "ratio to one who is there",
                percentile(absent, 0.5) / percentile(hot, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    ::umask(022);
    const std::string folder = argv[1];
    measure_machine();
    for (const int collaborators : {100, 10'000, 1'000'000})
        measure(folder + "/" + std::to_string(collaborators), collaborators);
}
