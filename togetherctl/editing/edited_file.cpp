// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/editing/edited_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/system/atomic_file.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/folder_of.h"
#include "common/system/trusted_file.h"
#include "common/system/trusted_path.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr std::size_t largest = std::size_t{1024} * 1024;

using Written = tl::expected<void, WriteFailure>;

tl::unexpected<WriteFailure> as_write_failure(FileFailure failure) {
    // EBUSY: the file itself is a mount point, as Docker and subPath make it. EPERM: immutable.
    const int error = failure.error;
    const bool elsewhere =
        error == EROFS || error == EBUSY || error == EXDEV || (error == EPERM && ::geteuid() == 0);
    return tl::make_unexpected(
        WriteFailure{elsewhere ? WriteError::managed_elsewhere : WriteError::failed,
                     std::move(failure.message)});
}

tl::unexpected<WriteFailure> fail_with(const std::string& what, int error) {
    return as_write_failure({error, errno_text(what, error)});
}

Result<std::string> resolved(const std::string& path) {
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
    if (!real) return failure(errno_text("cannot open " + path, errno));
    return std::string(real.get());
}

// SELinux's label, access control lists. Where a file system has none, there is nothing to keep.
void copy_attributes(const std::string& from, int to) {
    std::vector<char> names(4096);
    const auto length = ::listxattr(from.c_str(), names.data(), names.size());
    if (length <= 0) return;
    for (const char* name = names.data(); name < names.data() + length;
         name += std::char_traits<char>::length(name) + 1) {
        std::vector<char> value(65536);
        const auto size = ::getxattr(from.c_str(), name, value.data(), value.size());
        if (size >= 0)
            static_cast<void>(
                ::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0));
    }
}

// With the owner and mode of `like`, and the attributes of the file at `attributes` if there is
// one.
Written write_like(AtomicFile& file, const std::string& text, const struct stat& like,
                   const std::string& attributes) {
    auto good = file.open();
    if (good) good = file.write(text);
    if (good) good = file.set_owner(like.st_uid, like.st_gid);
    if (good && !attributes.empty()) copy_attributes(attributes, file.fd());
    // After the lists, which change the mode, and the owner, which takes bits away.
    if (good) good = file.finish(like.st_mode & 07777);
    if (!good) return as_write_failure(std::move(good.error()));
    return {};
}

tl::expected<Replaced, WriteFailure> commit(AtomicFile& file, const std::string& path) {
    auto committed = file.commit();
    if (!committed) return as_write_failure(std::move(committed.error()));
    if (!committed->not_synced) return Replaced{};
    return Replaced{committed->not_synced->message + "; if the power fails now, " + path +
                    " may be as it was before"};
}

bool is_immutable(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    int flags = 0;
    return file && ::ioctl(file.get(), FS_IOC_GETFLAGS, &flags) == 0 &&
           (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0;
}

// What was planned was made from the text that was read, and holds for no other.
Written still_as_read(const EditedFile& file) {
    struct stat now {};
    const auto still = together::read_trusted(file.target, largest);
    if (::stat(file.target.c_str(), &now) == 0 && now.st_ino == file.status.st_ino && still &&
        *still == file.text)
        return {};
    return tl::make_unexpected(WriteFailure{
        WriteError::failed, file.target + " was changed by somebody else just now; try again"});
}

}  // namespace

std::string absolute_path(const std::string& path) {
    std::error_code unknown;  // of a folder that is gone: then it stays as it is, and opens nothing
    const auto whole = std::filesystem::absolute(path, unknown);
    return unknown ? path : whole.string();
}

Result<EditedFile> read_for_editing(const std::string& named) {
    const auto path = absolute_path(named);
    const auto target = resolved(path);
    if (!target) return tl::make_unexpected(target.error());
    // A link is as good as the folder it stands in, and what it leads to as its own.
    const auto link_folder = resolved(folder_of(path));
    if (!link_folder) return tl::make_unexpected(link_folder.error());
    for (const auto& folder : {*link_folder, folder_of(*target)})
        if (const auto why = why_exchangeable(folder); !why.empty())
            return failure("will not edit " + path + ": " + why);
    const auto opened = together::open_trusted(*target, together::Links::refuse);
    if (!opened) return failure(opened.error().message);
    auto text = together::read_trusted(*target, largest);
    if (!text) return failure(text.error().message);
    return EditedFile{path, *target, *std::move(text), opened->status};
}

tl::expected<EditLock, WriteFailure> EditLock::take(const EditedFile& file) {
    if (is_immutable(file.target)) return fail_with("cannot replace " + file.target, EPERM);
    EditLock lock;
    std::string path = hidden_beside(file.target, ".together-lock");
    lock.descriptor_ = FileDescriptor(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!lock.descriptor_) return fail_with("cannot write beside " + file.target, errno);
    // Where a file system has no locks, whole files and own names must do.
    const bool busy =
        ::flock(lock.descriptor_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    struct stat ours {};
    struct stat there {};
    // One that ended just now has taken the file away, and another may hold a new one.
    if (busy || ::fstat(lock.descriptor_.get(), &ours) != 0 || ::lstat(path.c_str(), &there) != 0 ||
        ours.st_ino != there.st_ino)
        return tl::make_unexpected(
            WriteFailure{WriteError::failed,
                         file.target + " is being edited by another togetherctl; try again"});
    lock.path_ = std::move(path);
    if (auto same = still_as_read(file); !same) return tl::make_unexpected(same.error());
    return lock;
}

EditLock::EditLock(EditLock&& other) noexcept
    : path_(std::exchange(other.path_, {})), descriptor_(std::move(other.descriptor_)) {}

EditLock::~EditLock() {
    // Before it is let go: afterwards it could be another's.
    if (!path_.empty()) ::unlink(path_.c_str());
}

tl::expected<Replaced, WriteFailure> replace(const EditLock&, const EditedFile& file,
                                             const std::string& text) {
    AtomicFile fresh(file.target);
    auto good = write_like(fresh, text, file.status, file.target);
    if (good) good = still_as_read(file);
    if (!good) return tl::make_unexpected(good.error());
    return commit(fresh, file.target);
}

tl::expected<bool, WriteFailure> keep_backup(const EditLock&, const EditedFile& file,
                                             const std::string& text) {
    const std::string path = file.target + backup_suffix;
    const bool stood_there = ::access(path.c_str(), F_OK) == 0;
    AtomicFile backup(path);
    if (auto written = write_like(backup, text, file.status, file.target); !written)
        return tl::make_unexpected(written.error());
    // Its folder is the file's, and synced with that.
    if (auto kept = commit(backup, path); !kept) return tl::make_unexpected(kept.error());
    return !stood_there;
}

bool drop_backup(const EditLock&, const EditedFile& file, const std::string& text) {
    const std::string path = file.target + backup_suffix;
    const auto kept = together::read_trusted(path, largest);
    if (!kept) return kept.error().kind == together::FileError::missing;
    return *kept == text && ::unlink(path.c_str()) == 0;
}

tl::expected<Replaced, WriteFailure> write_new(const std::string& path, const std::string& text,
                                               mode_t mode) {
    if (const auto why = why_exchangeable(folder_of(path)); !why.empty())
        return tl::make_unexpected(WriteFailure{WriteError::failed, why});
    struct stat like {};
    like.st_uid = ::geteuid();
    like.st_gid = ::getegid();
    like.st_mode = mode;
    AtomicFile fresh(path);
    if (auto written = write_like(fresh, text, like, ""); !written)
        return tl::make_unexpected(written.error());
    return commit(fresh, path);
}

}  // namespace together::ctl
