// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/process_setup.h"

#include <grp.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "common/on_demand/helper_process.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) (void)::signal(signal, SIG_DFL);
    // A reader that went away shows as EPIPE.
    (void)::signal(SIGPIPE, SIG_IGN);
    // A limit of file size shows as EFBIG, so that no half-written file stays.
    (void)::signal(SIGXFSZ, SIG_IGN);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Only root may raise a hard limit that its caller had lowered, and in a container often not even
// root: then as far as it goes.
void raise_limit(__rlimit_resource resource, rlim_t wanted) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur >= wanted) return;
    const rlim_t hard = limit.rlim_max;
    limit = {wanted, std::max(hard, wanted)};
    if (::setrlimit(resource, &limit) == 0) return;
    limit = {std::min(wanted, hard), hard};
    ::setrlimit(resource, &limit);
}

void reset_limits() {
    for (const auto resource : {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_NPROC})
        raise_limit(resource, RLIM_INFINITY);
    raise_limit(RLIMIT_NOFILE, 1024);
    raise_limit(RLIMIT_STACK, rlim_t{8} * 1024 * 1024);
    // The token is in this process's memory. Not 0: with 1 a core is not piped to a handler either
    // (Linux, fs/coredump.c).
    const rlimit no_core{1, 1};
    if (::setrlimit(RLIMIT_CORE, &no_core) == 0) return;
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

struct Account {
    uid_t uid = 65534;
    gid_t gid = 65534;
};

// "UID:GID:…"
std::optional<Account> account_in(std::string_view fields) {
    const auto colon = fields.find(':');
    const auto second = colon == fields.npos ? colon : fields.find(':', colon + 1);
    if (second == fields.npos) return std::nullopt;
    const auto uid = parse_number<uid_t>(fields.substr(0, colon));
    const auto gid = parse_number<gid_t>(fields.substr(colon + 1, second - colon - 1));
    if (!uid || !gid) return std::nullopt;
    return Account{*uid, *gid};
}

// By hand: fgetpwent(3) makes two system calls for each line, a second for 60,000.
std::optional<Account> account_in_passwd(const std::string& name) {
    std::ifstream file("/etc/passwd");
    const std::string prefix = name + ':';
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(prefix)) continue;
        const auto password_end = line.find(':', prefix.size());
        if (password_end == line.npos) continue;
        const auto account = account_in(std::string_view(line).substr(password_end + 1));
        if (account && account->uid != 0) return account;
    }
    return std::nullopt;
}

Account unprivileged_account() {
    if (const auto account = account_in_passwd("together")) return *account;
    return account_in_passwd("nobody").value_or(Account{});
}

}  // namespace

void reset_inherited_state() {
    ::umask(022);
    reset_signals();
    reset_limits();
    ::setpriority(PRIO_PROCESS, 0, std::min(0, ::getpriority(PRIO_PROCESS, 0)));
    if (::chdir("/") != 0) std::perror("together-refresh: cannot change to /");
}

void forget_environment() {
    const char* service_manager = std::getenv("NOTIFY_SOCKET");
    const std::string kept = service_manager != nullptr ? service_manager : "";
    ::clearenv();
    if (!kept.empty()) ::setenv("NOTIFY_SOCKET", kept.c_str(), 1);
}

void keep_freed_memory() {
    constexpr int kept = 16 * 1024 * 1024;
    ::mallopt(M_MXFAST, 0);
    ::mallopt(M_TRIM_THRESHOLD, kept);
    ::mallopt(M_MMAP_THRESHOLD, kept);
}

void leave_terminal() {
    ::setsid();
    const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (nothing) ::dup2(nothing.get(), standard);
}

void set_alarm(Nanoseconds limit) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    itimerval timer{};
    timer.it_value.tv_sec = microseconds / 1'000'000;
    timer.it_value.tv_usec = microseconds % 1'000'000;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

bool die_with_parent(int pipe) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pollfd reader{pipe, 0, 0};
    return ::poll(&reader, 1, 0) >= 0 && (reader.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

void keep_only_descriptors(const std::initializer_list<int>& keep) {
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(standard, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
    int highest = STDERR_FILENO;
    for (const int fd : keep) highest = std::max(highest, fd);
    for (int fd = STDERR_FILENO + 1; fd < highest; ++fd)
        if (std::find(keep.begin(), keep.end(), fd) == keep.end()) ::close(fd);
    close_descriptors_from(static_cast<unsigned>(highest) + 1);
}

Result<void> drop_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failure(errno_text("cannot set no_new_privs", errno));
    if (::geteuid() != 0) return {};
    const Account account = unprivileged_account();
    if (::setgroups(0, nullptr) != 0 || ::setresgid(account.gid, account.gid, account.gid) != 0 ||
        ::setresuid(account.uid, account.uid, account.uid) != 0)
        return failure(errno_text("cannot become an unprivileged user", errno));
    return {};
}

}  // namespace together
