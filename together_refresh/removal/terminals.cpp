// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/terminals.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <map>
#include <string>

#include "common/system/file_descriptor.h"
#include "common/system/io.h"

namespace together {
namespace {

// Those of the kernel's device list, of pseudo terminals and of consoles.
std::string path_of(dev_t terminal) {
    constexpr unsigned consoles = 4;
    constexpr unsigned pseudo = 136;
    if (major(terminal) == pseudo) return "/dev/pts/" + std::to_string(minor(terminal));
    if (major(terminal) == consoles) return "/dev/tty" + std::to_string(minor(terminal));
    return {};
}

void write_to(const std::string& path, dev_t terminal, uid_t owner, const std::string& text) {
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISCHR(status.st_mode) ||
        status.st_rdev != terminal || status.st_uid != owner)
        return;
    static_cast<void>(write_full(file.get(), text.data(), text.size()));
}

}  // namespace

void write_to_terminals(const std::vector<Process>& processes, const std::string& line) {
    std::map<dev_t, uid_t> terminals;
    for (const auto& process : processes)
        if (process.terminal != 0 && !process.elsewhere)
            terminals.emplace(process.terminal, process.uid);
    for (const auto& [terminal, owner] : terminals)
        if (const auto path = path_of(terminal); !path.empty())
            write_to(path, terminal, owner, "\r\n" + line + "\r\n");
}

}  // namespace together
