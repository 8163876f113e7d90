// SPDX-License-Identifier: Apache-2.0
// The program that loaded us (sshd, sudo, su, login, cron), seen through its PAM handle.
#pragma once

#include <security/pam_modules.h>

#include <string>
#include <string_view>

namespace together {

// Borrows the handle for one call. As thread-safe as the handle: one thread at a time.
class PamHandle {
  public:
    explicit PamHandle(pam_handle_t* handle) : handle_(handle) {}

    // PAM_SERVICE, PAM_RHOST; empty where it is not set.
    std::string item(int type) const;

    // Whom the decision is about: PAM_USER, but with sudo who calls it.
    std::string login() const;

    // One PAM_ERROR_MSG. Nothing where the calling program cannot talk to its user (cron). Not
    // pam_error(3): without a conversation it calls syslog(3), which can block for ever.
    void show_error(const std::string& message) const;

    void export_variable(const std::string& name, std::string_view value) const;

    // The invoker of sudo or su sees its stderr; sshd's is a log, if anything.
    bool stderr_is_a_log() const;

  private:
    pam_handle_t* handle_;
};

}  // namespace together
