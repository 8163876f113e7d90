// SPDX-License-Identifier: Apache-2.0
#include "tests/adapters/pam/support/log_collector.h"

#include <CppUTest/TestHarness.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace {

constexpr const char* path = "/dev/log";

}  // namespace

LogCollector::LogCollector()
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot bind /dev/log");
}

LogCollector::~LogCollector() {
    ::unlink(path);
}

std::vector<std::string> LogCollector::take() {
    std::vector<std::string> lines;
    char buffer[8192];
    for (ssize_t got = 0; (got = ::recv(socket_.get(), buffer, sizeof buffer, 0)) >= 0;) {
        std::string line(buffer, static_cast<std::size_t>(got));
        if (line.find("pam_together[") != line.npos) lines.push_back(std::move(line));
    }
    return lines;
}

std::string LogCollector::take_one() {
    auto lines = take();
    std::string all;
    for (const auto& line : lines) all += line + "\n";
    if (lines.size() != 1) FAIL(("one line was expected, logged was:\n" + all).c_str());
    return lines.front();
}

bool has_field(const std::string& line, const std::string& field) {
    return (line + " ").find(" " + field + " ") != std::string::npos;
}
