// SPDX-License-Identifier: Apache-2.0
// The file that takes another's place: a new one, or, where there is no room for one, the spare.
//
// Whoever fills the disk or its inodes must not keep the node from learning that he was removed. So
// a second file lies ready, NAME.spare, with blocks of its own and as large as the next one may be.
// It is used only where a new file failed for want of room, and then it changes places with the
// one that stands there: there are two inodes at any time, and none is ever given back that
// somebody else could take. Not used otherwise, because a reader may still have it open from when
// it stood there: it would find a damaged file, and ask again.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/roster/roster_paths.h"
#include "common/system/atomic_file.h"
#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

struct ReplacedFile {
    std::string path;
    std::string temporary;
    std::string spare;
    mode_t mode = 0644;
    std::optional<gid_t> group;  // else the writer's
};

inline ReplacedFile snapshot_file(const RosterPaths& paths) {
    return {paths.snapshot, paths.temporary(), paths.spare(), 0644, std::nullopt};
}

// Without commit() nothing has changed: a half-written new file is removed, and the spare is a
// spare. The caller holds the write lock.
class NextFile {
  public:
    enum class Kind { new_file, spare };

    NextFile(const ReplacedFile& file, Kind kind);
    NextFile(const NextFile&) = delete;
    NextFile& operator=(const NextFile&) = delete;

    Result<void> open();
    // Cuts it to that length, syncs it, and puts it in the other's place.
    Result<void> commit(off_t length);

    int fd() const;
    // What failed just now, with errno.
    tl::unexpected<Error> error(const std::string& what);
    // Of the last error: there was no room, and the spare has some.
    bool lacked_room() const;

  private:
    Result<void> commit_spare();
    Result<void> noted(FileStep step);

    const ReplacedFile& file_;
    Kind kind_;
    AtomicFile new_file_;   // of Kind::new_file
    FileDescriptor spare_;  // of Kind::spare
    int errno_ = 0;
};

// What `write` makes of a new file, or of the spare where there is no room for one.
template <class Write>
auto write_next(const ReplacedFile& file, const Write& write) {
    NextFile next(file, NextFile::Kind::new_file);
    auto written = write(next);
    if (written || !next.lacked_room()) return written;
    NextFile spare(file, NextFile::Kind::spare);
    auto spared = write(spare);
    return spared ? spared : written;
}

// Makes the spare, or makes it larger, where it is missing or smaller than the file. Fails where
// there is no room: then the next one may find none either.
Result<void> keep_spare(const ReplacedFile& file, const std::string& for_what);

}  // namespace together
