// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/slurm/plugstack.h"

#include <glob.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "common/system/trusted_file.h"
#include "togetherctl/slurm/slurm_configuration.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr const char* spank = "spank_together.so";
constexpr std::size_t largest = std::size_t{1024} * 1024;

std::vector<std::string> files_named(const std::string& pattern) {
    std::vector<std::string> paths;
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

// What was read so far.
struct Reading {
    Plugstack found;
    std::set<std::string> seen;  // by their one name
    std::set<std::string> open;  // those in which we are
};

Result<void> find_spank_lines(const std::string& path, Reading& reading) {
    std::error_code error;
    auto one_name = std::filesystem::weakly_canonical(path, error).string();
    if (error) one_name = path;
    if (reading.open.contains(one_name)) reading.found.loop = one_name;
    if (!reading.seen.insert(one_name).second) return {};
    reading.open.insert(one_name);
    const auto text = together::read_trusted(path, largest);
    if (!text) return failure(text.error().message);
    std::istringstream raw(*text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(raw, line);) lines.push_back(line);
    for (const auto& line : plugstack_lines(*text)) {
        const auto& words = lines[line.number - 1];
        const bool meant = words.substr(0, words.find('#')).find(spank) != words.npos;
        if (line.kind == PlugstackLine::Kind::include) {
            for (const auto& file : files_named(beside(path, line.path)))
                if (auto good = find_spank_lines(file, reading); !good) return good;
        } else if (names_the_gate(line) || (line.kind == PlugstackLine::Kind::ignored && meant)) {
            reading.found.lines.push_back({path, line});
        }
    }
    reading.open.erase(one_name);
    return {};
}

}  // namespace

Result<Plugstack> read_plugstack(const std::string& path) {
    Reading reading;
    if (auto good = find_spank_lines(path, reading); !good)
        return tl::make_unexpected(good.error());
    return std::move(reading.found);
}

}  // namespace together::ctl
