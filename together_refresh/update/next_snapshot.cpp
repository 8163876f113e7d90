// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/next_snapshot.h"

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
#include "common/system/io.h"

namespace together {
namespace {

constexpr mode_t mode = 0644;

// By how much the next roster may be larger than this one.
off_t size_of_spare(off_t snapshot) {
    constexpr off_t for_a_small_one = off_t{16} * 1024;
    return snapshot + snapshot / 4 + for_a_small_one;
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

NextSnapshot::NextSnapshot(const RosterPaths& paths, Kind kind)
    : paths_(paths), kind_(kind), new_file_(paths.snapshot, paths.temporary()) {}

Result<void> NextSnapshot::open() {
    if (kind_ == Kind::new_file) return noted(new_file_.open());
    spare_ = open_spare(paths_.spare(), 0);
    return spare_ ? Result<void>() : error("cannot use");
}

int NextSnapshot::fd() const {
    return kind_ == Kind::new_file ? new_file_.fd() : spare_.get();
}

Result<void> NextSnapshot::commit(off_t length) {
    if (::ftruncate(fd(), length) != 0) return error("cannot cut");
    if (kind_ == Kind::spare) return commit_spare();
    if (auto finished = noted(new_file_.finish(mode)); !finished) return finished;
    auto committed = new_file_.commit();
    if (!committed) return noted(tl::make_unexpected(std::move(committed.error())));
    if (committed->not_synced) return noted(tl::make_unexpected(*std::move(committed->not_synced)));
    return {};
}

Result<void> NextSnapshot::commit_spare() {
    if (auto finished = noted(finish_file(fd(), paths_.spare(), mode)); !finished) return finished;
    // The first snapshot has none to change places with, and not every file system can.
    if (exchange(paths_.spare(), paths_.snapshot) != 0 &&
        ::rename(paths_.spare().c_str(), paths_.snapshot.c_str()) != 0)
        return error("cannot rename");
    return noted(sync_folder(paths_.directory));
}

Result<void> NextSnapshot::noted(FileStep step) {
    if (step) return {};
    errno_ = step.error().error;
    return failure(std::move(step.error().message));
}

tl::unexpected<Error> NextSnapshot::error(const std::string& what) {
    errno_ = errno;
    return failure(errno_text(
        what + " " + (kind_ == Kind::new_file ? paths_.temporary() : paths_.spare()), errno_));
}

bool NextSnapshot::lacked_room() const {
    return errno_ == ENOSPC || errno_ == EDQUOT;
}

Result<void> keep_spare(const RosterPaths& paths) {
    struct stat snapshot {};
    struct stat spare {};
    if (::stat(paths.snapshot.c_str(), &snapshot) != 0) return {};
    const bool there = ::lstat(paths.spare().c_str(), &spare) == 0;
    const auto no_room = [&] {
        return failure(
            errno_text("no room could be reserved for the next roster: " + paths.spare(), errno));
    };
    FileDescriptor file = open_spare(paths.spare(), O_CREAT);
    // Somebody else's file or a link has our name.
    if (!file && there && ::unlink(paths.spare().c_str()) == 0)
        file = open_spare(paths.spare(), O_CREAT);
    if (!file || ::fstat(file.get(), &spare) != 0) return no_room();
    const auto room = room_to_rename(file.get());
    const bool is_enough = spare.st_size >= snapshot.st_size + room;
    if (!is_enough &&
        !extend_with_zeros(file.get(), spare.st_size, size_of_spare(snapshot.st_size) + room))
        return no_room();
    return {};
}

}  // namespace together
