// SPDX-License-Identifier: Apache-2.0
// Small files for tests: written whole, read whole.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

// Whatever the umask: tests of who may write a file depend on its exact mode.
inline void write_file(const std::string& path, std::string_view text, mode_t mode = 0644) {
    {
        std::ofstream file(path, std::ios::binary | std::ios::trunc);
        file << text;
        if (!file.flush()) throw std::runtime_error("cannot write " + path);
    }
    if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("cannot chmod " + path);
}

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline bool exists(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
}

inline void make_directory(const std::string& path) {
    std::filesystem::create_directories(path);
}

inline void make_script(const std::string& path, const std::string& body) {
    write_file(path, "#!/bin/sh\n" + body + "\n", 0755);
}
