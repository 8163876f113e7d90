// SPDX-License-Identifier: Apache-2.0
// A file of the system that we edit: read whole, replaced whole.
#pragma once

#include <sys/stat.h>

#include <string>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together::ctl {

inline constexpr const char* backup_suffix = ".before-together";

// What is edited, links resolved.
struct EditedFile {
    std::string path;    // as it was named, absolute
    std::string target;  // where it really stands
    std::string text;
    struct stat status {};
};

// Fails where it is missing, no regular file, larger than a megabyte, or where somebody but root
// and us could write it or exchange it under our hands, on any of its folders.
together::Result<EditedFile> read_for_editing(const std::string& path);

enum class WriteError {
    managed_elsewhere,  // read-only, immutable, mounted over: whoever makes it must add the lines
    failed,
};
struct WriteFailure {
    WriteError kind = WriteError::failed;
    std::string message;
};

// The new file stands there; what is to be said all the same.
struct Replaced {
    std::string warning;  // empty where all is well
};

// One edit of a file at a time. It fails where another run is at it, and where the file is no
// longer the one that was read.
class EditLock {
  public:
    static tl::expected<EditLock, WriteFailure> take(const EditedFile& file);
    EditLock(const EditLock&) = delete;
    EditLock& operator=(const EditLock&) = delete;
    EditLock(EditLock&& other) noexcept;
    EditLock& operator=(EditLock&&) = delete;
    ~EditLock();

  private:
    EditLock() = default;

    // A file beside it that root alone can open, for as long as it is held. Not the file or its
    // folder themselves: whoever can read those could lock them, and nobody could edit any more.
    std::string path_;
    together::FileDescriptor descriptor_;
};

// Replaces the target by rename, synced, with its owner, mode and extended attributes; a reader
// sees the old file or the new one. Fails where the file is no longer the one that was read.
tl::expected<Replaced, WriteFailure> replace(const EditLock& lock, const EditedFile& file,
                                             const std::string& text);

// Keeps `text`, the file's as it is without us, in TARGET.before-together, with the file's owner
// and mode. True where there was none before.
tl::expected<bool, WriteFailure> keep_backup(const EditLock& lock, const EditedFile& file,
                                             const std::string& text);
// Takes the backup away where it is the same as `text`; true where there is none left.
bool drop_backup(const EditLock& lock, const EditedFile& file, const std::string& text);

// A new file of root's at that path, or an old one replaced; its folder must be root's alone.
tl::expected<Replaced, WriteFailure> write_new(const std::string& path, const std::string& text,
                                               mode_t mode);

// The same path from the root on, so that all of its folders can be looked at. Links stay.
std::string absolute_path(const std::string& path);

}  // namespace together::ctl
