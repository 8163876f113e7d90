// SPDX-License-Identifier: Apache-2.0
// Runs a program and ends it, or its first child, with SIGKILL just before one of its system calls,
// which is just after the one before.
//
//   kill_at parent|child POINT PROGRAM [ARG…]
//
// Points are counted from 1. The parent's count begins with its first umask(2): before that the
// dynamic linker loads its libraries. Prints the number of the system call and "killed", or how
// many points there were and "ended".
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace {

constexpr long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD |
                         PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK;

long trace(unsigned request, pid_t pid, unsigned long data = 0) {
    return ::ptrace(static_cast<__ptrace_request>(request), pid, nullptr, data);
}

long system_call_of(pid_t pid) {
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    return info.op == PTRACE_SYSCALL_INFO_EXIT ? -1 : static_cast<long>(info.entry.nr);
}

// So that a program's start need not be followed step by step: umask(2) shows by itself.
bool show_umask() {
    sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_umask, 0, 1),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{static_cast<unsigned short>(std::size(steps)), steps};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

class Killer {
  public:
    Killer(pid_t parent, bool child_is_meant, long point)
        : parent_(parent), child_is_meant_(child_is_meant), point_(point) {}

    // Until everything that is traced has ended.
    int run() {
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, __WALL)) > 0;) {
            if (WIFSTOPPED(status)) stopped(pid, status);
        }
        if (!killed_) std::printf("%ld ended\n", seen_);
        return 0;
    }

  private:
    bool is_meant(pid_t pid) const {
        return child_is_meant_ ? pid != parent_ : pid == parent_ && begun_;
    }

    void stopped(pid_t pid, int status) {
        const int signal = WSTOPSIG(status);
        const bool is_filter = status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) && !begun_;
        begun_ = begun_ || is_filter;
        const bool is_entry = signal == (SIGTRAP | 0x80) && system_call_of(pid) >= 0;
        if ((is_entry || is_filter) && !killed_ && is_meant(pid) && ++seen_ == point_) {
            std::printf("%ld killed\n", system_call_of(pid));
            killed_ = true;
            ::kill(pid, SIGKILL);
            return;
        }
        const bool ours = (signal & 0x7f) == SIGTRAP || signal == SIGSTOP;
        trace(is_meant(pid) && !killed_ ? PTRACE_SYSCALL : PTRACE_CONT, pid,
              ours ? 0 : static_cast<unsigned long>(signal));
    }

    pid_t parent_;
    bool child_is_meant_;
    long point_;
    long seen_ = 0;
    bool killed_ = false;
    bool begun_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::raise(SIGSTOP);
        if (!show_umask()) std::perror("seccomp");
        ::execv(argv[3], argv + 3);
        std::perror(argv[3]);
        ::_exit(127);
    }
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || trace(PTRACE_SETOPTIONS, pid, options) != 0) {
        std::perror("ptrace");
        return 2;
    }
    trace(PTRACE_CONT, pid);
    return Killer(pid, std::strcmp(argv[1], "child") == 0, std::atol(argv[2])).run();
}
