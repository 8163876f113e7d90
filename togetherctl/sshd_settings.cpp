#include "sshd_settings.h"

#include <sstream>

#include "captured_program.h"

namespace togetherctl {

using namespace std::chrono_literals;

SshdSettings parse_sshd_settings(const std::string& output) {
    SshdSettings settings;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        if (key == "usepam") {
            std::string value;
            words >> value;
            settings.use_pam = value == "yes";
        } else if (key == "pamservicename") {
            words >> settings.pam_service;
        } else if (key == "authorizedkeysfile") {
            for (std::string pattern; words >> pattern;)
                if (pattern != "none") settings.key_files.push_back(pattern);
        }
    }
    return settings;
}

together::Result<SshdSettings> ask_sshd() {
    const auto sshd = first_program({"/usr/sbin/sshd", "/usr/local/sbin/sshd"});
    if (sshd.empty()) return together::failure("there is no sshd");
    const auto output = output_of(sshd, {"-T"}, 10s);
    if (!output) return tl::make_unexpected(output.error());
    return parse_sshd_settings(*output);
}

}  // namespace togetherctl
