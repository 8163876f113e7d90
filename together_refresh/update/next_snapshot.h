// SPDX-License-Identifier: Apache-2.0
// The file that becomes the snapshot: a new one, or, where there is no room for one, the spare.
//
// Whoever fills the disk or its inodes must not keep the node from learning that he was removed. So
// a second file lies ready, PROJECT.roster.v1.spare, with blocks of its own and as large as the
// next roster may be. It is used only where a new file failed for want of room, and then it changes
// places with the snapshot: there are two inodes at any time, and none is ever given back that
// somebody else could take. Not used otherwise, because a reader may still have it open from when
// it was the snapshot: it would find a damaged roster, and ask again.
#pragma once

#include <string>

#include "common/roster/roster_paths.h"
#include "common/system/atomic_file.h"
#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

// Without commit() nothing has changed: a half-written new file is removed, and the spare is a
// spare. The caller holds the write lock.
class NextSnapshot {
  public:
    enum class Kind { new_file, spare };

    NextSnapshot(const RosterPaths& paths, Kind kind);
    NextSnapshot(const NextSnapshot&) = delete;
    NextSnapshot& operator=(const NextSnapshot&) = delete;

    Result<void> open();
    // Cuts it to that length, syncs it, and puts it in the snapshot's place.
    Result<void> commit(off_t length);

    int fd() const;
    // What failed just now, with errno.
    tl::unexpected<Error> error(const std::string& what);
    // Of the last error: there was no room, and the spare has some.
    bool lacked_room() const;

  private:
    Result<void> commit_spare();
    Result<void> noted(FileStep step);

    const RosterPaths& paths_;
    Kind kind_;
    AtomicFile new_file_;   // of Kind::new_file
    FileDescriptor spare_;  // of Kind::spare
    int errno_ = 0;
};

// Makes the spare, or makes it larger, where it is missing or smaller than the snapshot. Fails
// where there is no room: then the next roster may find none either.
Result<void> keep_spare(const RosterPaths& paths);

}  // namespace together
