// SPDX-License-Identifier: Apache-2.0
// What the tests of together-refresh cannot do in Python: look at the files as the gate does, ask
// for a refresh as an adapter does, hold the locks. One line of JSON on stdout.
//
//   probe show CONFIG                 the roster as it stands
//   probe last-attempt CONFIG         the last attempt
//   probe ask CONFIG COUNT [UMASK]    as many processes ask for a refresh at once
//   probe hold CONFIG refresh|write    holds that lock until it is killed
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/on_demand/on_demand.h"
#include "common/roster/backoff.h"
#include "common/roster/last_attempt.h"
#include "common/roster/roster.h"
#include "common/roster/roster_lock.h"

using namespace together;

namespace {

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string milliseconds(Nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::string entry_text(const RosterEntry& entry) {
    constexpr std::array sources = {"none", "authority", "node"};
    return quoted(entry.login) + ": {\"uid\": " + std::to_string(entry.uid) + ", \"source\": \"" +
           sources.at(static_cast<std::size_t>(entry.uid_source)) +
           "\", \"role\": " + quoted(entry.role) +
           ", \"shared\": " + (entry.login_shared || entry.uid_shared ? "true" : "false") + "}";
}

std::string show(const Config& config) {
    const auto roster = open_roster(config, SystemClock().now());
    if (!roster) return "{\"usable\": false, \"why\": " + quoted(roster.error().message) + "}";
    std::string entries;
    const bool intact = roster->snapshot.verify_intact() &&
                        roster->snapshot.for_each([&](const RosterEntry& entry) {
                            entries += (entries.empty() ? "" : ", ") + entry_text(entry);
                        });
    return std::string("{\"usable\": true, \"intact\": ") + (intact ? "true" : "false") +
           ", \"age_ms\": " + milliseconds(roster->age.value) + ", \"written_ago_ms\": " +
           milliseconds(elapsed(roster->snapshot.header().validated, SystemClock().now())) +
           ", \"revision\": " + std::to_string(roster->snapshot.header().revision) +
           ", \"count\": " + std::to_string(roster->snapshot.header().entries) +
           ", \"entries\": {" + entries + "}}";
}

std::string show_last_attempt(const Config& config) {
    const auto attempt = read_last_attempt(RosterPaths(config));
    if (!attempt) return "null";
    return "{\"outcome\": " + std::to_string(static_cast<int>(attempt->outcome)) +
           ", \"failures\": " + std::to_string(attempt->failures) +
           ", \"not_before_ms\": " + milliseconds(attempt->not_before) +
           ", \"left_ms\": " + milliseconds(time_left(*attempt, SystemClock().now())) +
           ", \"message\": " + quoted(attempt->message) + "}";
}

// One caller: waits until all are ready, then reports into its own pipe.
[[noreturn]] void ask_once(const Config& config, int start, int report) {
    char byte = 0;
    while (::read(start, &byte, 1) > 0) continue;
    SystemClock clock;
    const auto began = std::chrono::steady_clock::now();
    const auto attempt = OnDemandRefresher(clock).refresh(config, std::nullopt);
    const auto took = std::chrono::steady_clock::now() - began;
    const std::string line = "[" + milliseconds(took) + ", " + quoted(attempt.problem) + "]";
    ::_exit(::write(report, line.data(), line.size()) < 0 ? 1 : 0);
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 1024> buffer;
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    return ends;
}

std::string ask(const Config& config, int count) {
    const auto start = make_pipe();
    std::vector<int> reports;
    for (int i = 0; i < count; ++i) {
        const auto report = make_pipe();
        if (::fork() == 0) {
            ::close(start[1]);
            ask_once(config, start[0], report[1]);
        }
        ::close(report[1]);
        reports.push_back(report[0]);
    }
    ::close(start[1]);
    std::string all;
    for (const int report : reports) all += (all.empty() ? "" : ", ") + read_all(report);
    while (::wait(nullptr) > 0) continue;
    return "[" + all + "]";
}

std::string hold(const Config& config, const std::string& part) {
    auto lock = RosterLock::open(RosterPaths(config));
    if (!lock) throw std::runtime_error(lock.error().message);
    if (!lock->try_acquire(part == "write" ? LockPart::write : LockPart::refresh))
        throw std::runtime_error("somebody else holds it");
    std::puts("\"held\"");
    std::fflush(stdout);
    while (true) ::pause();
}

std::string answer(const std::vector<std::string>& arguments) {
    const auto config = load_config(arguments.at(1));
    if (!config) throw std::runtime_error(config.error().message);
    if (arguments.at(0) == "show") return show(*config);
    if (arguments.at(0) == "last-attempt") return show_last_attempt(*config);
    if (arguments.at(0) == "hold") return hold(*config, arguments.at(2));
    if (arguments.size() > 3) ::umask(static_cast<mode_t>(std::stoi(arguments[3], nullptr, 8)));
    return ask(*config, std::stoi(arguments.at(2)));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        std::puts(answer({argv + 1, argv + argc}).c_str());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "probe: %s\n", error.what());
        return 1;
    }
}
