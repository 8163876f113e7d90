// Folders that are opened now and read later, from inside another mount namespace: a Slurm task may
// run in its job's, where something else can stand under the same path.
#pragma once

#include <string>
#include <vector>

#include "config.h"
#include "file_descriptor.h"

namespace together {

// A configuration's own folder (lockdown, admissions) and its roster's, held open. In config() they
// are named by descriptor, through /proc/self/fd: that is openat(2) for every file that the gate
// opens there, lock and mark included. A folder that cannot be opened keeps its name.
//
// Valid in the process that made it and in its forks, until it is destroyed.
class HeldFolders {
  public:
    explicit HeldFolders(Config config);

    // What to decide from. Its path is no name for another program: give that original_path().
    const Config& config() const { return config_; }
    const std::string& original_path() const { return original_path_; }
    // The text with the folders' names as people know them.
    std::string with_names(std::string text) const;

  private:
    struct Held {
        FileDescriptor descriptor;
        std::string link;
        std::string name;
    };

    // Returns the name to use from now on.
    std::string hold(const std::string& folder);

    std::string original_path_;
    std::vector<Held> held_;
    Config config_;
};

}  // namespace together
