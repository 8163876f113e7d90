// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/access_check.h"

#include <cstdio>
#include <vector>

#include "together_refresh/child/unprivileged_child.h"
#include "together_refresh/process/token_file.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto max_check = 25s;
constexpr int could_not_ask = 2;

Result<std::vector<AccessFinding>> examine(const std::string& config_path) {
    const auto config = load_node_config(config_path);
    if (!config) return tl::make_unexpected(config.error());
    if (config->roster_is_a_file())
        return failure("there is no authority to ask at " + config->base_url);
    const auto token = read_token(config->token_file);
    if (!token) return tl::make_unexpected(token.error());
    const auto child = UnprivilegedChild::start(*config, -1);
    if (!child) return tl::make_unexpected(child.error());
    auto findings = (*child)->check_access(*token, max_check);
    if (findings && findings->empty()) return failure("the authority could not be asked");
    return findings;
}

int complain(const std::string& message) {
    (void)std::fprintf(stderr, "together-refresh: check-access: %s\n", message.c_str());
    return could_not_ask;
}

}  // namespace

int check_access(const std::string& config_path) {
    const auto findings = examine(config_path);
    if (!findings) return complain(findings.error().message);
    for (const auto& [check, result, what] : *findings)
        std::printf("%s\t%s\t%s\n", std::string(name_of(check)).c_str(),
                    std::string(name_of(result)).c_str(), what.c_str());
    return std::fflush(stdout) == 0 ? 0 : complain("cannot write to stdout");
}

}  // namespace together
