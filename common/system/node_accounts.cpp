// SPDX-License-Identifier: Apache-2.0
#include "common/system/node_accounts.h"

#include <pwd.h>

#include <cerrno>
#include <vector>

#include "common/system/errno_text.h"

namespace together {
namespace {

constexpr std::size_t max_entry = std::size_t{1024} * 1024;

// getpwnam_r and getpwuid_r say "no such account" in several ways, getpwnam(3).
bool means_no_such_account(int error) {
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

// Calls one of the two with a buffer that is large enough.
template <class Call>
Result<std::optional<passwd>> look_up(std::vector<char>& buffer, const std::string& who,
                                      const Call& call) {
    while (true) {
        passwd entry{};
        passwd* found = nullptr;
        const int error = call(&entry, buffer, &found);
        if (found != nullptr) return entry;
        if (error == EINTR) continue;
        if (error == ERANGE && buffer.size() < max_entry) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        if (means_no_such_account(error)) return std::nullopt;
        return failure(errno_text("the name service could not look up " + who, error));
    }
}

}  // namespace

Result<std::optional<uid_t>> SystemAccounts::uid_of(const std::string& login) {
    std::vector<char> buffer(1024);
    const auto entry = look_up(buffer, login, [&](passwd* out, auto& space, passwd** found) {
        return ::getpwnam_r(login.c_str(), out, space.data(), space.size(), found);
    });
    if (!entry) return tl::make_unexpected(entry.error());
    if (!*entry) return std::nullopt;
    return (*entry)->pw_uid;
}

Result<std::optional<std::string>> SystemAccounts::login_of(uid_t uid) {
    std::vector<char> buffer(1024);
    const auto entry = look_up(buffer, "uid " + std::to_string(uid),
                               [&](passwd* out, auto& space, passwd** found) {
                                   return ::getpwuid_r(uid, out, space.data(), space.size(), found);
                               });
    if (!entry) return tl::make_unexpected(entry.error());
    if (!*entry) return std::nullopt;
    return std::string((*entry)->pw_name);
}

}  // namespace together
