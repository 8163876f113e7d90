// SPDX-License-Identifier: Apache-2.0
// The node's accounts for a process that must go on where the name service hangs: a child asks it,
// and is ended where no answer comes in time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "common/system/file_descriptor.h"
#include "common/system/node_accounts.h"

namespace together {

// One thread. Ends its child when it is destroyed.
class PatientAccounts : public NodeAccounts {
  public:
    // `service` is asked in the child alone, and must outlive this. `patience` is for one question.
    PatientAccounts(NodeAccounts& service, std::chrono::seconds patience)
        : service_(service), patience_(patience) {}
    ~PatientAccounts() override;
    PatientAccounts(const PatientAccounts&) = delete;
    PatientAccounts& operator=(const PatientAccounts&) = delete;

    Result<std::optional<uid_t>> uid_of(const std::string& login) override;
    Result<std::optional<std::string>> login_of(uid_t uid) override;

    // After a question without an answer the others have none either, at once, until this: many are
    // asked in one turn.
    void ask_again() { is_silent_ = false; }

  private:
    Result<std::optional<std::string>> ask(const std::string& question, const std::string& who);
    bool has_child();
    void kill_child();
    [[noreturn]] void answer_questions(int socket, pid_t parent);

    NodeAccounts& service_;
    const std::chrono::seconds patience_;
    FileDescriptor socket_;  // to the child; none where it is to be started
    pid_t child_ = -1;       // also one that was killed, until it has ended
    bool is_silent_ = false;
};

}  // namespace together
