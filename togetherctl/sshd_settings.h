// What sshd itself says of its configuration (sshd -T).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "result.h"

namespace togetherctl {

struct SshdSettings {
    bool use_pam = false;
    std::string pam_service;             // empty before OpenSSH 9.8: then it is "sshd"
    std::vector<std::string> key_files;  // patterns, see AuthorizedKeysFile
};

// Empty where there is none.
std::string sshd_program();

// Fails where there is no sshd, or it does not accept its configuration.
together::Result<SshdSettings> ask_sshd();

// Pure: the settings in sshd -T's output.
SshdSettings parse_sshd_settings(const std::string& output);

inline const std::vector<std::string> usual_key_files = {".ssh/authorized_keys",
                                                         ".ssh/authorized_keys2"};

}  // namespace togetherctl
