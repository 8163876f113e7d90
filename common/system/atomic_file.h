// SPDX-License-Identifier: Apache-2.0
// A file that is written whole beside the path it will have, synced, and put there at once: a
// reader, and a kill or a power failure at any instant, finds the old file or the new one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

struct FileFailure {
    int error;  // errno of what failed
    std::string message;
};
using FileStep = tl::expected<void, FileFailure>;

// Each step needs the one before: open, write (or through fd), finish, commit. Without commit() the
// temporary file is gone and nothing has changed.
class AtomicFile {
  public:
    // The temporary file has a name of its own, so that no two writers write into each other's.
    explicit AtomicFile(std::string path);
    // It has that name, and what a killed writer left there is removed: the caller has a lock.
    AtomicFile(std::string path, std::string temporary);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    FileStep open();
    int fd() const { return descriptor_.get(); }
    FileStep write(std::string_view text);
    FileStep set_owner(uid_t uid, gid_t gid);
    // Its mode, whatever the umask, after all that can change that; then syncs it.
    FileStep finish(mode_t mode);

    struct Committed {
        std::optional<FileFailure> not_synced;  // it stands there, but may be gone after a crash
    };
    tl::expected<Committed, FileFailure> commit();

  private:
    std::string path_;
    std::string temporary_;
    bool has_own_name_;
    FileDescriptor descriptor_;
};

// All steps of a file that is written at once and is its writer's.
Result<void> replace_file(AtomicFile&& file, std::string_view text, mode_t mode);

// The last two steps for a file that gets to its place in another way; `path` is for messages.
FileStep finish_file(int fd, const std::string& path, mode_t mode);
FileStep sync_folder(const std::string& folder);

// FOLDER/.NAME and that ending.
std::string hidden_beside(const std::string& path, std::string_view ending);

}  // namespace together
