// SPDX-License-Identifier: Apache-2.0
#include "common/system/overwritten_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/system/file_descriptor.h"
#include "common/system/trusted_file.h"

namespace together {

Result<void> overwrite_in_place(const std::string& path, std::string_view bytes) {
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (!file) return failure(system_error_text("cannot open " + path + " for writing", errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return failure(path + " is not a regular file");
    // Whoever it was given to by mistake: readers do not trust it then.
    if (status.st_uid != ::geteuid() && ::fchown(file.get(), ::geteuid(), ::getegid()) != 0 &&
        errno != EPERM)
        return failure(system_error_text("cannot take " + path + " back", errno));
    if (::fchmod(file.get(), 0644) != 0 && errno != EPERM)  // whatever the umask was
        return failure(system_error_text("cannot set the mode of " + path, errno));
    if (::pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return failure(system_error_text("cannot write " + path, errno));
    if (::ftruncate(file.get(), static_cast<off_t>(bytes.size())) != 0)
        return failure(system_error_text("cannot cut " + path, errno));
    return {};
}

}  // namespace together
