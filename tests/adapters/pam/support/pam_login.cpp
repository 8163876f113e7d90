// SPDX-License-Identifier: Apache-2.0
#include "tests/adapters/pam/support/pam_login.h"

#include <cstdlib>
#include <stdexcept>

PamLogin::PamLogin(const std::string& folder, const std::string& service, const std::string& user,
                   Conversation conversation)
    : conversation_{conversation == Conversation::there ? converse : nullptr, this} {
    const char* name = user.empty() ? nullptr : user.c_str();
    if (::pam_start_confdir(service.c_str(), name, &conversation_, folder.c_str(), &handle_) !=
        PAM_SUCCESS)
        throw std::runtime_error("pam_start_confdir failed");
    ::pam_set_item(handle_, PAM_RHOST, "192.0.2.7");
}

PamLogin::~PamLogin() {
    ::pam_end(handle_, PAM_SUCCESS);
}

std::string PamLogin::variable(const std::string& name) const {
    const char* value = ::pam_getenv(handle_, name.c_str());
    return value == nullptr ? "" : value;
}

// As sshd does, it answers each message with an allocated, empty response.
int PamLogin::converse(int count, const pam_message** messages, pam_response** responses,
                       void* self) {
    for (int i = 0; i < count; ++i)
        static_cast<PamLogin*>(self)->messages_.push_back(
            {messages[i]->msg_style, messages[i]->msg});
    *responses = static_cast<pam_response*>(
        std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
    return PAM_SUCCESS;
}
