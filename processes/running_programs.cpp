// SPDX-License-Identifier: Apache-2.0
#include "processes/running_programs.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/system/parse_number.h"
#include "processes/node_process.h"

namespace together {
namespace {

std::vector<std::string> words_of(pid_t pid) {
    std::istringstream text(proc_file(pid, "cmdline"));
    std::vector<std::string> words;
    for (std::string word; std::getline(text, word, '\0');) words.push_back(word);
    return words;
}

// The second word behind the name, which has blanks and parentheses as it likes.
pid_t parent_in(const std::string& folder) {
    std::ifstream file(folder + "/stat", std::ios::binary);
    std::string text;
    std::getline(file, text, '\0');
    std::istringstream words(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::string state;
    pid_t parent = 0;
    words >> state >> parent;
    return parent;
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string program_of(const std::string& folder, const std::vector<std::string>& words) {
    std::error_code error;
    std::string path = std::filesystem::read_symlink(folder + "/exe", error).string();
    if (error) path = words.front();
    constexpr std::string_view replaced = " (deleted)";  // by an upgrade
    if (path.ends_with(replaced)) path.resize(path.size() - replaced.size());
    return last_part(path);
}

// Debian's slurmctld is really called slurmctld-wlm.
bool is_called(const std::string& program, const std::string& name) {
    return program == name || program.starts_with(name + "-");
}

}  // namespace

std::vector<RunningProgram> running_programs(const std::string& name) {
    std::vector<RunningProgram> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const auto pid = parse_number<pid_t>(entry.path().filename().string());
        if (!pid) continue;
        // A zombie has no command line.
        auto words = words_of(*pid);
        struct stat status {};
        if (words.empty() || !is_called(program_of(entry.path().string(), words), name) ||
            ::stat(entry.path().c_str(), &status) != 0)
            continue;
        RunningProgram program;
        program.pid = *pid;
        program.parent = parent_in(entry.path().string());
        program.uid = status.st_uid;
        program.arguments.assign(words.begin() + 1, words.end());
        found.push_back(std::move(program));
    }
    return found;
}

}  // namespace together
