// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/next_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/io.h"

namespace together {
namespace {

// By how much the next one may be larger than this one.
off_t size_of_spare(off_t file) {
    constexpr off_t for_a_small_one = off_t{16} * 1024;
    return file + file / 4 + for_a_small_one;
}

// What the spare has beyond that and gives back when it is cut: XFS with parent pointers, which
// mkfs.xfs makes since 6.13, renames nothing where it cannot reserve blocks for it first.
off_t room_to_rename(int fd) {
    struct statfs system {};
    const bool is_xfs = ::fstatfs(fd, &system) == 0 && system.f_type == XFS_SUPER_MAGIC;
    return is_xfs ? off_t{1024} * 1024 : 0;
}

// A spare is written over: it must be ours alone, and nobody's by another name.
FileDescriptor open_spare(const std::string& path, int more_flags) {
    FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more_flags, 0600));
    struct stat status {};
    if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == ::geteuid() && status.st_nlink == 1)
        return file;
    if (file) errno = EPERM;
    return {};
}

// Zeros, not fallocate(2): turning reserved blocks into written ones can need a block again.
bool extend_with_zeros(int fd, off_t from, off_t to) {
    static constexpr std::array<char, std::size_t{64} * 1024> zeros{};
    while (from < to) {
        const auto size = std::min<std::size_t>(zeros.size(), static_cast<std::size_t>(to - from));
        if (!write_full_at(fd, zeros.data(), size, from)) return false;
        from += static_cast<off_t>(size);
    }
    return ::fsync(fd) == 0;
}

// glibc has renameat2(3) since 2.28; musl has not.
int exchange(const std::string& a, const std::string& b) {
    return static_cast<int>(
        ::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE));
}

}  // namespace

NextFile::NextFile(const ReplacedFile& file, Kind kind)
    : file_(file), kind_(kind), new_file_(file.path, file.temporary) {}

Result<void> NextFile::open() {
    if (kind_ == Kind::new_file) return noted(new_file_.open());
    spare_ = open_spare(file_.spare, 0);
    return spare_ ? Result<void>() : error("cannot use");
}

int NextFile::fd() const {
    return kind_ == Kind::new_file ? new_file_.fd() : spare_.get();
}

Result<void> NextFile::commit(off_t length) {
    if (::ftruncate(fd(), length) != 0) return error("cannot cut");
    if (file_.group && ::fchown(fd(), ::geteuid(), *file_.group) != 0)
        return error("cannot give its owner to");
    if (kind_ == Kind::spare) return commit_spare();
    if (auto finished = noted(new_file_.finish(file_.mode)); !finished) return finished;
    auto committed = new_file_.commit();
    if (!committed) return noted(tl::make_unexpected(std::move(committed.error())));
    if (committed->not_synced) return noted(tl::make_unexpected(*std::move(committed->not_synced)));
    return {};
}

Result<void> NextFile::commit_spare() {
    if (auto finished = noted(finish_file(fd(), file_.spare, file_.mode)); !finished)
        return finished;
    // The first one has none to change places with, and not every file system can.
    if (exchange(file_.spare, file_.path) != 0 &&
        ::rename(file_.spare.c_str(), file_.path.c_str()) != 0)
        return error("cannot rename");
    return noted(sync_folder(folder_of(file_.path)));
}

Result<void> NextFile::noted(FileStep step) {
    if (step) return {};
    errno_ = step.error().error;
    return failure(std::move(step.error().message));
}

tl::unexpected<Error> NextFile::error(const std::string& what) {
    errno_ = errno;
    return failure(
        errno_text(what + " " + (kind_ == Kind::new_file ? file_.temporary : file_.spare), errno_));
}

bool NextFile::lacked_room() const {
    return errno_ == ENOSPC || errno_ == EDQUOT;
}

Result<void> keep_spare(const ReplacedFile& file, const std::string& for_what) {
    struct stat present {};
    struct stat spare {};
    if (::stat(file.path.c_str(), &present) != 0) return {};
    const bool there = ::lstat(file.spare.c_str(), &spare) == 0;
    const auto no_room = [&] {
        return failure(errno_text(
            "no room could be reserved for the next " + for_what + ": " + file.spare, errno));
    };
    FileDescriptor opened = open_spare(file.spare, O_CREAT);
    // Somebody else's file or a link has our name.
    if (!opened && there && ::unlink(file.spare.c_str()) == 0)
        opened = open_spare(file.spare, O_CREAT);
    if (!opened || ::fstat(opened.get(), &spare) != 0) return no_room();
    const auto room = room_to_rename(opened.get());
    const bool is_enough = spare.st_size >= present.st_size + room;
    if (!is_enough &&
        !extend_with_zeros(opened.get(), spare.st_size, size_of_spare(present.st_size) + room))
        return no_room();
    return {};
}

}  // namespace together
