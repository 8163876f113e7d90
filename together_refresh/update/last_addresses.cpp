// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/last_addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common/roster/roster_paths.h"
#include "common/system/io.h"
#include "common/system/overwritten_file.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

constexpr std::size_t max_addresses = 4;
constexpr std::size_t max_file = 1024;

bool is_address(const std::string& text) {
    in6_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// Of a proxy that speaks TLS itself nothing is kept: its certificate is for its name.
bool is_looked_up(const Config& config) {
    constexpr std::string_view scheme = "https://";
    if (!config.base_url.starts_with(scheme) || config.proxy.starts_with(scheme)) return false;
    const auto& url = config.proxy.empty() ? config.base_url : config.proxy;
    const std::string rest = url.substr(url.find("//") + 2);
    return !rest.starts_with('[') && !is_address(rest.substr(0, rest.find_first_of(":/")));
}

// Whose addresses they are.
std::string first_line(const Config& config) {
    return config.base_url + (config.proxy.empty() ? "" : " by " + config.proxy);
}

std::string read_file(const RosterPaths& paths) {
    auto file = open_trusted(paths.addresses(), Links::refuse);
    if (!file) return {};
    std::array<char, max_file> buffer;
    const auto got = read_some_at(file->descriptor.get(), buffer.data(), buffer.size(), 0);
    return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t start = 0; start < text.size();) {
        const auto end = text.find('\n', start);
        if (end == std::string::npos) break;  // torn
        lines.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

}  // namespace

std::vector<std::string> last_addresses(const Config& config) {
    if (!is_looked_up(config)) return {};
    auto lines = lines_of(read_file(RosterPaths(config)));
    if (lines.empty() || lines.front() != first_line(config)) return {};
    lines.erase(lines.begin());
    lines.erase(std::remove_if(lines.begin(), lines.end(),
                               [](const std::string& line) { return !is_address(line); }),
                lines.end());
    if (lines.size() > max_addresses) lines.resize(max_addresses);
    return lines;
}

void remember_address(const Config& config, const std::string& address) {
    if (!is_looked_up(config) || !is_address(address)) return;
    auto known = last_addresses(config);
    if (!known.empty() && known.front() == address) return;
    known.erase(std::remove(known.begin(), known.end(), address), known.end());
    known.insert(known.begin(), address);
    if (known.size() > max_addresses) known.resize(max_addresses);
    std::string text = first_line(config) + '\n';
    for (const auto& each : known) text += each + '\n';
    static_cast<void>(overwrite_in_place(RosterPaths(config).addresses(), text));
}

}  // namespace together
