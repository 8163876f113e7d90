// SPDX-License-Identifier: Apache-2.0
#include "pam_together/pam_handle.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace together {

std::string PamHandle::item(int type) const {
    const void* value = nullptr;
    if (::pam_get_item(handle_, type, &value) != PAM_SUCCESS || value == nullptr) return {};
    return static_cast<const char*>(value);
}

// With targetpw, rootpw or runaspw in sudoers PAM_USER is whose password is asked for (sudoers(5)).
std::string PamHandle::login() const {
    const auto service = item(PAM_SERVICE);
    if (service == "sudo" || service == "sudo-i")
        if (auto caller = item(PAM_RUSER); !caller.empty()) return caller;
    return item(PAM_USER);
}

void PamHandle::show_error(const std::string& message) const {
    const void* value = nullptr;
    if (::pam_get_item(handle_, PAM_CONV, &value) != PAM_SUCCESS || value == nullptr) return;
    const auto& conversation = *static_cast<const pam_conv*>(value);
    if (conversation.conv == nullptr) return;
    const pam_message error{PAM_ERROR_MSG, message.c_str()};
    const pam_message* messages[] = {&error};
    pam_response* response = nullptr;
    conversation.conv(1, messages, &response, conversation.appdata_ptr);
    if (response == nullptr) return;
    std::free(response->resp);
    std::free(response);
}

void PamHandle::export_variable(const std::string& name, std::string_view value) const {
    ::pam_putenv(handle_, (name + "=" + std::string(value)).c_str());
}

bool PamHandle::stderr_is_a_log() const {
    constexpr std::array<std::string_view, 4> of_the_invoker = {"sudo", "sudo-i", "su", "su-l"};
    const bool set_user_id = ::getuid() != ::geteuid();
    return !set_user_id && std::find(of_the_invoker.begin(), of_the_invoker.end(),
                                     item(PAM_SERVICE)) == of_the_invoker.end();
}

}  // namespace together
