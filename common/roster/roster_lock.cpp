// SPDX-License-Identifier: Apache-2.0
#include "common/roster/roster_lock.h"

#include <sys/stat.h>

#include <cerrno>

#include "common/system/errno_text.h"

// Older C libraries show them only with _GNU_SOURCE, which g++ defines.
static_assert(F_OFD_SETLK == 37);

namespace together {
namespace {

struct flock byte_of(LockPart part, short type) {
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(part);
    range.l_len = 1;
    return range;
}

}  // namespace

Result<RosterLock> RosterLock::open(const RosterPaths& paths) {
    FileDescriptor file(
        ::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!file) return failure(errno_text("cannot open " + paths.lock(), errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return failure(paths.lock() + " is not a regular file");
    // Whoever can open it can hold it.
    if ((status.st_mode & 0077) != 0)
        return failure(paths.lock() + " is open to others (chmod 0600)");
    // Its maker's umask may have taken these: the next one may be a root who cannot override modes.
    if ((status.st_mode & 0600) != 0600) ::fchmod(file.get(), 0600);
    return RosterLock(std::move(file));
}

bool RosterLock::try_acquire(LockPart part) {
    auto range = byte_of(part, F_WRLCK);
    return ::fcntl(file_.get(), F_OFD_SETLK, &range) == 0;
}

bool RosterLock::is_free(LockPart part) const {
    auto range = byte_of(part, F_WRLCK);
    return ::fcntl(file_.get(), F_OFD_GETLK, &range) == 0 && range.l_type == F_UNLCK;
}

void RosterLock::release(LockPart part) {
    auto range = byte_of(part, F_UNLCK);
    ::fcntl(file_.get(), F_OFD_SETLK, &range);
}

}  // namespace together
