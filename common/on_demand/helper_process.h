// SPDX-License-Identifier: Apache-2.0
// A program executed by a calling program that we do not control (sshd, slurmstepd), with a
// deadline.
//
// It gets an absolute path, a fixed environment, /dev/null on 0 to 2 and the writing end of one
// pipe on 3, nothing else: a child that keeps sshd's log descriptors or start-up pipe blocks later
// logins. Its end is seen on a pidfd and on the pipe, never concluded from a wait status, which a
// program that ignores SIGCHLD or reaps everything takes away.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/system/deadline.h"
#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

inline constexpr int helper_pipe = 3;

class HelperProcess {
  public:
    // Fails where it cannot be started at all. A program that cannot be executed shows in wait().
    static Result<HelperProcess> start(const std::string& program,
                                       const std::vector<std::string>& arguments);

    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;
    HelperProcess(HelperProcess&& other) noexcept;
    HelperProcess& operator=(HelperProcess&&) = delete;
    // Kills it where it still runs, and reaps it. Never blocks for longer than a moment.
    ~HelperProcess();

    enum class End { exited, not_executed, deadline };
    // Reads and discards what it writes. After `deadline` the destructor kills it.
    End wait(Deadline deadline);
    int exec_error() const { return exec_error_; }

  private:
    HelperProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor pipe)
        : pid_(pid), pidfd_(std::move(pidfd)), pipe_(std::move(pipe)) {}
    bool drain_pipe();
    bool has_ended() const;
    void kill() const;

    pid_t pid_ = -1;
    FileDescriptor pidfd_;  // none where the kernel has no pidfd (before 5.2)
    FileDescriptor pipe_;
    int exec_error_ = 0;
    std::size_t received_ = 0;
};

// Closes every descriptor from `first` on; async-signal-safe.
void close_descriptors_from(unsigned first);

}  // namespace together
