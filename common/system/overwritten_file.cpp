// SPDX-License-Identifier: Apache-2.0
#include "common/system/overwritten_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"

namespace together {

Result<void> overwrite_in_place(const std::string& path, std::string_view bytes) {
    const auto fail = [&path](const char* verb, const char* more = "") {
        const int error = errno;
        return failure(errno_text(std::string(verb).append(path).append(more), error));
    };
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (!file) return fail("cannot open ", " for writing");
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return failure(path + " is not a regular file");
    // Whoever it was given to by mistake: readers do not trust it then.
    if (status.st_uid != ::geteuid() && ::fchown(file.get(), ::geteuid(), ::getegid()) != 0 &&
        errno != EPERM)
        return fail("cannot take ", " back");
    if (::fchmod(file.get(), 0644) != 0 && errno != EPERM)  // whatever the umask was
        return fail("cannot set the mode of ");
    if (!write_full_at(file.get(), bytes.data(), bytes.size(), 0)) return fail("cannot write ");
    if (::ftruncate(file.get(), static_cast<off_t>(bytes.size())) != 0) return fail("cannot cut ");
    return {};
}

}  // namespace together
