// SPDX-License-Identifier: Apache-2.0
// One PAM transaction, as a calling program such as sshd makes it.
#pragma once

#include <security/pam_appl.h>

#include <string>
#include <vector>

class PamLogin {
  public:
    enum class Conversation { there, missing };

    // `service` is a file in `folder`.
    PamLogin(const std::string& folder, const std::string& service, const std::string& user,
             Conversation conversation = Conversation::there);
    ~PamLogin();
    PamLogin(const PamLogin&) = delete;
    PamLogin& operator=(const PamLogin&) = delete;

    int account(int flags = 0) { return ::pam_acct_mgmt(handle_, flags); }
    pam_handle_t* handle() { return handle_; }
    std::string variable(const std::string& name) const;

    struct Message {
        int style;
        std::string text;
    };
    const std::vector<Message>& messages() const { return messages_; }

  private:
    static int converse(int count, const pam_message** messages, pam_response** responses,
                        void* self);

    pam_handle_t* handle_ = nullptr;
    std::vector<Message> messages_;
    pam_conv conversation_;
};
