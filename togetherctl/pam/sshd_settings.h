// SPDX-License-Identifier: Apache-2.0
// What sshd itself says of its configuration (sshd -T).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

struct SshdSettings {
    bool use_pam = false;
    std::string pam_service;             // empty before OpenSSH 9.8: then it is "sshd"
    std::string pid_file;                // "none" where it writes none
    std::vector<std::string> key_files;  // patterns, see AuthorizedKeysFile
    std::string keys_command;            // AuthorizedKeysCommand; empty where there is none
    std::string keys_command_user;
    bool root_may_log_in = true;
};

// How an sshd was started: more than one may run, and each has its own configuration.
struct SshdCall {
    std::string name = "sshd";         // before OpenSSH 9.8 its PAM service, too
    std::vector<std::string> options;  // those that configure it, -f and -o

    auto operator<=>(const SshdCall&) const =
        default;  // NOLINT(modernize-use-nullptr): a false one
};

// Pure: the call in a listener's title; nothing in that of another process.
std::optional<SshdCall> call_in_title(const std::string& title);

// Empty where there is none.
std::string sshd_program();

// Fails where there is no sshd, or it does not accept its configuration.
together::Result<SshdSettings> ask_sshd(const std::vector<std::string>& options = {});

// Pure: the settings in sshd -T's output.
SshdSettings parse_sshd_settings(const std::string& output);

inline const std::vector<std::string> usual_key_files = {".ssh/authorized_keys",
                                                         ".ssh/authorized_keys2"};

}  // namespace together::ctl
