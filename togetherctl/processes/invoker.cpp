// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/processes/invoker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/roles/identifiers.h"
#include "common/system/node_accounts.h"
#include "common/system/parse_number.h"
#include "common/system/uids.h"

namespace together::ctl {
namespace {

using namespace together;

std::optional<unsigned> status_field(const std::string& pid, const std::string& name) {
    std::ifstream file("/proc/" + pid + "/status");
    std::string key;
    std::string value;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        words >> key >> value;
        if (key == name + ":") return parse_number<unsigned>(value);
    }
    return std::nullopt;
}

std::optional<uid_t> uid_above() {
    std::string pid = "self";
    for (int depth = 0; depth < 64; ++depth) {
        const auto uid = status_field(pid, "Uid");
        if (!uid) return std::nullopt;
        if (*uid != 0) return uid;
        const auto parent = status_field(pid, "PPid");
        if (!parent || *parent == 0) return std::nullopt;
        pid = std::to_string(*parent);
    }
    return std::nullopt;
}

std::optional<uid_t> login_uid() {
    std::ifstream file("/proc/self/loginuid");
    std::string text;
    std::getline(file, text);
    return parse_uid(text);
}

std::optional<uid_t> owner_of_terminal() {
    struct stat status {};
    if (::isatty(STDIN_FILENO) == 0 || ::fstat(STDIN_FILENO, &status) != 0) return std::nullopt;
    return status.st_uid;
}

}  // namespace

std::vector<std::string> people_behind_this() {
    std::vector<std::string> people;
    const auto add = [&](const std::string& login) {
        if (login != "root" && std::find(people.begin(), people.end(), login) == people.end())
            people.push_back(login);
    };
    if (const char* caller = std::getenv("SUDO_USER"); caller != nullptr && is_login(caller))
        add(caller);
    SystemAccounts accounts;
    for (const auto uid : {login_uid(), uid_above(), owner_of_terminal()}) {
        if (!uid || *uid == 0) continue;
        const auto login = accounts.login_of(*uid);
        if (login && *login) add(**login);
    }
    return people;
}

}  // namespace together::ctl
