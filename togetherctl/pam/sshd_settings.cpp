// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/pam/sshd_settings.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "processes/installed_program.h"
#include "processes/run_program.h"

namespace together::ctl {

using namespace std::chrono_literals;

SshdSettings parse_sshd_settings(const std::string& output) {
    SshdSettings settings;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        // Small letters up to OpenSSH 9; 10.6 writes UsePAM.
        std::transform(key.begin(), key.end(), key.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        if (key == "usepam") {
            std::string value;
            words >> value;
            settings.use_pam = value == "yes";
        } else if (key == "pamservicename") {
            words >> settings.pam_service;
        } else if (key == "pidfile") {
            words >> settings.pid_file;
        } else if (key == "permitrootlogin") {
            std::string value;
            words >> value;
            settings.root_may_log_in = value != "no";
        } else if (key == "authorizedkeyscommanduser") {
            words >> settings.keys_command_user;
        } else if (key == "authorizedkeyscommand") {
            std::getline(words >> std::ws, settings.keys_command);
            if (settings.keys_command == "none") settings.keys_command.clear();
        } else if (key == "authorizedkeysfile") {
            for (std::string pattern; words >> pattern;)
                if (pattern != "none") settings.key_files.push_back(pattern);
        }
    }
    return settings;
}

// "sshd: /usr/sbin/sshd -D -f /etc/ssh/inside [listener] 0 of 10-100 startups".
std::optional<SshdCall> call_in_title(const std::string& title) {
    const auto colon = title.find(": ");
    const auto end = title.find(" [listener] ");
    if (colon == title.npos || end == title.npos || end < colon) return std::nullopt;
    SshdCall call{title.substr(0, colon), {}};
    std::istringstream words(title.substr(colon + 2, end - colon - 2));
    bool wanted = false;
    for (std::string word; words >> word;) {
        const bool goes_on = wanted && !word.starts_with('-');
        wanted = goes_on || word.starts_with("-f") || word.starts_with("-o");
        if (!wanted) continue;
        auto& options = call.options;
        if (goes_on && options.back() != "-f" && options.back() != "-o")
            options.back() += " " + word;  // -o "UsePAM no"
        else
            options.push_back(word);
    }
    return call;
}

std::string sshd_program() {
    return first_program({"/usr/sbin/sshd", "/usr/local/sbin/sshd"});
}

together::Result<SshdSettings> ask_sshd(const std::vector<std::string>& options) {
    const auto sshd = sshd_program();
    if (sshd.empty()) return together::failure("there is no sshd");
    std::vector<std::string> arguments = {"-T"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const auto output = output_of(sshd, arguments, 10s);
    if (!output) return tl::make_unexpected(output.error());
    return parse_sshd_settings(*output);
}

}  // namespace together::ctl
