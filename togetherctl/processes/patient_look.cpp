// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/processes/patient_look.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/on_demand/helper_process.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"

namespace together::ctl {
namespace {

using namespace std::chrono_literals;
using Lists = std::vector<std::vector<std::string>>;
using Clock = std::chrono::steady_clock;

bool is_not_empty(const std::string& path) {
    struct stat status {};
    // Looked at, never opened: the folder is the user's.
    return ::lstat(path.c_str(), &status) == 0 && status.st_size > 0;
}

// A byte for each list. Nothing of ours stays open in it: who reads our stdout to its end would
// wait for a child that hangs.
[[noreturn]] void look(const Lists& lists, std::size_t from, int answers) {
    if (::dup2(answers, STDIN_FILENO) < 0) ::_exit(1);
    close_descriptors_from(STDIN_FILENO + 1);
    for (; from < lists.size(); ++from) {
        const char answer = std::any_of(lists[from].begin(), lists[from].end(), is_not_empty);
        if (!write_full(STDIN_FILENO, &answer, 1)) ::_exit(1);
    }
    ::_exit(0);
}

// Until all have answered, or the next one does not.
void take_answers(int answers, std::vector<std::optional<bool>>& found, std::size_t& next,
                  std::chrono::milliseconds each, Clock::time_point end) {
    std::array<char, 4096> buffer;
    while (next < found.size()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        pollfd event{answers, POLLIN, 0};
        const auto patience = static_cast<int>(std::max(std::min(left, each), 0ms).count());
        const int ready = ::poll(&event, 1, patience);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return;
        const auto got = read_some(answers, buffer.data(), buffer.size());
        if (got <= 0) return;
        for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
            found[next++] = buffer[i] != 0;
    }
}

}  // namespace

std::vector<std::optional<bool>> any_not_empty(const Lists& lists, std::chrono::milliseconds each,
                                               std::chrono::milliseconds all) {
    std::vector<std::optional<bool>> found(lists.size());
    const auto end = Clock::now() + all;
    for (std::size_t next = 0; next < lists.size() && Clock::now() < end; ++next) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) break;
        const FileDescriptor reading(ends[0]);
        FileDescriptor writing(ends[1]);
        const pid_t child = ::fork();
        if (child < 0) break;
        if (child == 0) look(lists, next, writing.get());
        writing.reset();
        take_answers(reading.get(), found, next, each, end);
        ::kill(child, SIGKILL);
        if (next == lists.size())
            ::waitpid(child, nullptr, 0);
        else
            ::waitpid(child, nullptr, WNOHANG);  // a dead NFS server's may never end
    }
    return found;
}

}  // namespace together::ctl
