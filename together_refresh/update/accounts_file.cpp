// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/accounts_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/system/io.h"
#include "together_refresh/update/next_file.h"

namespace together {
namespace {

// An open file's number is nobody else's.
bool stands_at(const std::string& path, const std::optional<AccountsDatabase>& opened) {
    struct stat status {};
    return opened && ::lstat(path.c_str(), &status) == 0 &&
           status.st_dev == opened->status().st_dev && status.st_ino == opened->status().st_ino &&
           status.st_ctim.tv_sec == opened->status().st_ctim.tv_sec &&
           status.st_ctim.tv_nsec == opened->status().st_ctim.tv_nsec;
}

bool stands(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

bool is_intact(const AccountsDatabase& file, VerifiedFile& seen) {
    return seen.is_intact(file.status(), file.header().digest,
                          [&] { return file.verify_intact(); });
}

bool copy(int from, int to, std::uint64_t size) {
    std::vector<char> buffer(std::min<std::uint64_t>(size, std::size_t{256} * 1024));
    for (off_t at = 0; size > 0;) {
        const auto part = std::min<std::uint64_t>(size, buffer.size());
        if (read_full_at(from, buffer.data(), part, at) != static_cast<ssize_t>(part) ||
            !write_full_at(to, buffer.data(), part, at))
            return false;
        at += static_cast<off_t>(part);
        size -= part;
    }
    return true;
}

}  // namespace

AccountsFile::AccountsFile(Clock& clock, std::string path, const AccountsMagic& magic, mode_t mode)
    : path_(std::move(path)), magic_(magic), mode_(mode), seen_(clock), spare_seen_(clock) {}

std::optional<AccountsDatabase> AccountsFile::open_intact() {
    auto file = AccountsDatabase::open(path_, magic_);
    return file && is_intact(*file, seen_) ? std::optional(*std::move(file)) : std::nullopt;
}

Result<std::optional<AccountsDatabase>> AccountsFile::open_or_restore(
    std::optional<AccountsDatabase> opened, std::string& said) {
    if (stands_at(path_, opened)) return opened;
    auto file = open_intact();
    if (file) return file;
    const auto spare = AccountsDatabase::open(spare_of(path_), magic_, Behind::room);
    if (!spare || !is_intact(*spare, spare_seen_)) return std::nullopt;
    const auto place = replaced_file(path_, {mode_, spare->status().st_gid});
    NextFile restored(place, NextFile::Kind::spare);
    if (auto ready = restored.open(); !ready) return tl::make_unexpected(ready.error());
    if (auto done = restored.commit(static_cast<off_t>(spare->header().length)); !done)
        return tl::make_unexpected(done.error());
    said += (said.empty() ? "" : "; ") + path_ +
            " was damaged or lost, and is made good from its spare";
    return open_intact();
}

Result<void> AccountsFile::write_where_new(CdbImage records, AccountsHeader header, gid_t group,
                                           const std::optional<AccountsDatabase>& stored) {
    header.magic = magic_;
    if (stored && is_same_content(stored->header(), header)) return {};
    return write_accounts_file(path_, std::move(records), header, {mode_, group});
}

Result<void> AccountsFile::keep_spare() {
    const auto file = AccountsDatabase::open(path_, magic_);
    if (!file) return {};
    const auto place = replaced_file(path_, {mode_, file->status().st_gid});
    auto kept = together::keep_spare(place, "accounts");
    if (const auto spare = AccountsDatabase::open(place.spare, magic_, Behind::room);
        spare && spare->header().digest == file->header().digest && is_intact(*spare, spare_seen_))
        return kept;
    NextFile spare(place, NextFile::Kind::spare);
    if (auto ready = spare.open(); !ready) return kept ? ready : kept;
    // One that has no room for all of it stays what it was.
    struct stat status {};
    if (::fstat(spare.fd(), &status) != 0 ||
        static_cast<std::uint64_t>(status.st_size) < file->header().length)
        return kept;
    if (!copy(file->descriptor(), spare.fd(), file->header().length) ||
        ::fchown(spare.fd(), ::geteuid(), *place.group) != 0 ||
        !finish_file(spare.fd(), place.spare, mode_))
        return spare.error("cannot write");
    return kept;
}

bool AccountsFile::is_there() const {
    return stands(path_) || stands(spare_of(path_));
}

bool AccountsFile::is_of(const std::string& project) const {
    auto file = AccountsDatabase::open(path_, magic_);
    if (!file) file = AccountsDatabase::open(spare_of(path_), magic_, Behind::room);
    return file && project_in(file->header()) == project;
}

bool AccountsFile::has_accounts_of(const std::string& project) const {
    const auto file = AccountsDatabase::open(path_, magic_);
    return file && file->header().accounts > 0 && project_in(file->header()) == project;
}

}  // namespace together
