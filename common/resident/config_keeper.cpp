// SPDX-License-Identifier: Apache-2.0
#include "common/resident/config_keeper.h"

#include <filesystem>

#include "common/system/file_identity.h"

namespace together {

std::vector<std::string> config_fingerprint(const std::string& path) {
    const std::string drop_ins = path + ".d";
    std::vector<std::string> files = {file_identity(path), file_identity(drop_ins)};
    std::error_code error;
    for (std::filesystem::directory_iterator entry(drop_ins, error), end; !error && entry != end;
         entry.increment(error))
        files.push_back(file_identity(entry->path().string()));
    return files;
}

}  // namespace together
