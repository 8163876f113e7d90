// SPDX-License-Identifier: Apache-2.0
#include "authorized_keys/served_keys.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/accounts/record_layout.h"
#include "common/accounts/ssh_key.h"
#include "common/roster/constant_database.h"
#include "common/system/errno_text.h"

namespace together {
namespace {

// Most people have a few keys: of the file no more is read for them.
constexpr std::size_t usual_room = std::size_t{16} * 1024;
constexpr std::size_t room_for_all =
    max_ssh_keys * (max_ssh_key + 1) + sizeof(KeysHead) + max_account_key + 64;

// True where each line is a key as the authority's are taken, and there are as many as that.
bool are_keys(std::string_view text, std::size_t count) {
    std::size_t lines = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == text.npos || ++lines > max_ssh_keys) return false;
        const auto line = text.substr(0, end);
        if (canonical_ssh_key(line) != line) return false;
        text.remove_prefix(end + 1);
    }
    return lines == count;
}

// Where the record is whole and of that person.
Result<std::string> keys_in(std::string_view key, std::string_view record, std::uint64_t person) {
    KeysHead head{};
    if (record.size() < sizeof head) return failure("is damaged");
    std::memcpy(&head, record.data(), sizeof head);
    if (record_checksum(key.data(), key.size(), record.data(), record.size()) != head.checksum ||
        head.fixed < sizeof head || head.fixed > record.size() ||
        head.text != record.size() - head.fixed)
        return failure("is damaged");
    if (head.person != person) return failure("has keys of another person who has the login");
    const auto text = record.substr(head.fixed);
    if (!are_keys(text, head.keys)) return failure("has what is no key");
    return std::string(text);
}

Result<FileDescriptor> open_roots(const std::string& path) {
    FileDescriptor file(
        ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return failure(errno_text(path, errno));
    // Not its reader's either: that is who asks the network.
    if (!S_ISREG(status.st_mode) || status.st_uid != 0 ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return failure(path + ": is not root's alone to write");
    return file;
}

}  // namespace

Result<ServedKeys> ServedKeys::open(const AccountsPaths& paths) {
    auto keys = open_roots(paths.keys);
    if (!keys) return tl::make_unexpected(keys.error());
    auto accounts = open_roots(paths.accounts);
    if (!accounts) return tl::make_unexpected(accounts.error());
    return ServedKeys(*std::move(keys), *std::move(accounts));
}

Result<std::string> ServedKeys::of(std::string_view login, std::optional<uid_t> uid) const {
    const std::string key = "l" + std::string(login);
    if (key.size() > max_account_key) return std::string();
    std::vector<char> buffer(usual_room);
    auto record = find_in_database(keys_.get(), key, buffer);
    if (!record && record.error() == Absence::damaged) {
        buffer.resize(room_for_all);  // or there was no room
        record = find_in_database(keys_.get(), key, buffer);
    }
    if (!record && record.error() == Absence::not_found) return std::string();
    if (!record) return failure("is damaged");
    const auto account = find_account(accounts_.get(), login);
    if (!account && account.error() == Absence::damaged)
        return failure("has keys, and accounts.v1 is damaged");
    if (!account || account->is_the_nodes) return failure("has keys, and accounts.v1 no account");
    if (uid && *uid != account->uid)
        return failure("has keys, and this node has another account of that login");
    return keys_in(key, *record, person_of(*account));
}

}  // namespace together
