// SPDX-License-Identifier: Apache-2.0
// Stands in for together-refresh. How it behaves is its name: tests link to it.
//
//   refreshes           writes the roster that stands in next-roster beside the configuration
//   exits-0, exits-1…   at once, without having done anything
//   hangs               until it is killed
//   ignores-term        likewise, with SIGTERM and SIGHUP ignored
//   floods              fills stdout, stderr and its pipe without end
//   closes-its-pipe     and hangs
//   leaves-a-grandchild that keeps the pipe open; itself it exits with 0
//   crashes             by SIGSEGV
//   reports-itself      writes what it was given into report beside the configuration
//   lies-about-exec     writes what the caller's own failed execve would write
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>

#include "common/on_demand/helper_process.h"
#include "together_refresh/update/snapshot_writer.h"

using namespace together;

namespace {

[[noreturn]] void hang() {
    while (true) ::pause();
}

int ignore_term_and_hang() {
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    hang();
}

int flood() {
    const std::string noise(65536, '!');
    ::signal(SIGPIPE, SIG_IGN);
    for (const int fd : {1, 2, helper_pipe}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    while (true)
        for (const int fd : {1, 2, helper_pipe})
            if (::write(fd, noise.data(), noise.size()) < 0) continue;
}

int close_pipe_and_hang() {
    ::close(helper_pipe);
    hang();
}

int leave_a_grandchild() {
    if (::fork() == 0) hang();
    return EXIT_SUCCESS;
}

int lie_about_exec() {
    const int error = 2;
    return ::write(helper_pipe, &error, sizeof error) == sizeof error ? EXIT_SUCCESS : 1;
}

// Lines of login, uid, role.
int refresh(const std::string& config_path) {
    const auto config = load_config(config_path);
    if (!config) return 78;
    RosterContent content;
    content.project = config->project;
    content.base_url = config->base_url;
    content.validated = SystemClock().now();
    std::ofstream(config->folder() + "/calls", std::ios::app) << "refresh ";
    std::ifstream file(config->folder() + "/next-roster");
    RosterEntry entry;
    while (file >> entry.login >> entry.uid >> entry.role) {
        entry.uid_source = UidSource::authority;
        content.entries.push_back(entry);
    }
    return write_snapshot(RosterPaths(*config), std::move(content)) ? EXIT_SUCCESS : 75;
}

int report_itself(char** argv, const std::string& config_path) {
    std::ofstream report(config_path.substr(0, config_path.rfind('/')) + "/report");
    const int own = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    while (*++argv != nullptr) report << "argument " << *argv << "\n";
    for (char** entry = environ; *entry != nullptr; ++entry)
        report << "environment " << *entry << "\n";
    for (int fd = 0; fd < 1024; ++fd) {
        char target[256] = {};
        // The report is open, too: it took the first free one.
        if (fd == own || fd == own - 1) continue;
        if (::readlinkat(own, std::to_string(fd).c_str(), target, sizeof target - 1) > 0)
            report << "descriptor " << fd << " "
                   << std::string(target).substr(0, std::string(target).find(':')) << "\n";
    }
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string name = std::strrchr(argv[0], '/') + 1;
    if (name == "refreshes") return argc == 4 ? refresh(argv[2]) : 2;
    if (name.starts_with("exits-")) return std::atoi(name.c_str() + std::strlen("exits-"));
    if (name == "crashes") ::raise(SIGSEGV);
    if (name == "reports-itself") return argc == 4 ? report_itself(argv, argv[2]) : 2;
    const std::map<std::string, int (*)()> behaviours = {
        {"ignores-term", ignore_term_and_hang},   {"floods", flood},
        {"closes-its-pipe", close_pipe_and_hang}, {"leaves-a-grandchild", leave_a_grandchild},
        {"lies-about-exec", lie_about_exec},
    };
    if (const auto found = behaviours.find(name); found != behaviours.end()) return found->second();
    hang();
}
