// SPDX-License-Identifier: Apache-2.0
// The gate's lines in plugstack.conf, with the files that it includes.
#pragma once

#include <string>
#include <vector>

#include "common/system/result.h"
#include "togetherctl/slurm/slurm_files.h"

namespace together::ctl {

// One that is the gate's, or was meant to be.
struct SpankLine {
    std::string file;
    PlugstackLine line;

    std::string where() const { return file + ":" + std::to_string(line.number); }
};

struct Plugstack {
    std::vector<SpankLine> lines;
    std::string loop;  // a file that includes itself; empty where none does
};

// As Slurm reads them, but each file once: files can include each other. The error says which file
// cannot be read, or whose it is.
together::Result<Plugstack> read_plugstack(const std::string& path);

}  // namespace together::ctl
