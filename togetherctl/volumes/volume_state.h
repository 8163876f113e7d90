// SPDX-License-Identifier: Apache-2.0
// A volume's top folder: what it should be for the project's people to share files in it, whatever
// their umask, and nobody else; and what it is.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/node_config/volumes_config.h"
#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together::ctl {

enum class VolumeFault {
    owner,         // not root:GROUP
    access_list,   // an access list of its own lets others in
    mode,          // not 2770, or 3770
    default_list,  // new files do not get u::rwx,g::rwx,o::---
    no_lists,      // the file system has none: with umask 022 nobody but the owner writes a file
    no_mount,      // nothing is mounted there, and the disk below is the system's
    mount_options  // without nosuid or nodev
};

struct VolumeFinding {
    VolumeFault fault;
    std::string what;
    std::string change;  // what --apply does about it; empty where it can do nothing
    std::string fix;     // what somebody else must do then
};

// The folder, opened once: all that is looked at and changed is this one, whoever moves what.
class VolumeFolder {
  public:
    // Follows no link on the way. Fails where there is one, or no folder.
    static together::Result<VolumeFolder> open(const std::string& path);

    // What is not as it should be, in the order in which it is changed.
    together::Result<std::vector<VolumeFinding>> look(const together::VolumeConfig& volume,
                                                      gid_t group,
                                                      const std::string& group_name) const;
    // The change that the finding names, of the folder alone.
    together::Result<void> change(const VolumeFinding& finding,
                                  const together::VolumeConfig& volume, gid_t group) const;

  private:
    VolumeFolder(std::string path, together::FileDescriptor folder)
        : path_(std::move(path)), folder_(std::move(folder)) {}

    std::string path_;
    together::FileDescriptor folder_;
};

}  // namespace together::ctl
