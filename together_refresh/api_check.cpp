// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/api_check.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/config/base_url.h"
#include "common/roles/identifiers.h"
#include "together_refresh/child/unprivileged_child.h"
#include "together_refresh/probe/conformance.h"
#include "together_refresh/process/token_file.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto max_examination = 120s;

// "https://host:port" of a URL.
std::string_view origin_of(std::string_view url) {
    const auto host = url.find("://");
    return url.substr(0, host == url.npos ? 0 : url.find('/', host + 3));
}

Result<NodeConfig> config_of_the_node(const std::string& path) {
    if (path == default_config_path && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
        return NodeConfig{};
    return load_node_config(path);
}

Result<void> check_settings(const NodeConfig& config) {
    if (config.base_url.empty()) return failure("which authority? Give its URL");
    if (config.roster_is_a_file())
        return failure("there is no authority to ask at " + config.base_url +
                       "; together-refresh checks a roster file");
    if (config.project.empty()) return failure("which project? Give --project");
    if (!is_project(config.project))
        return failure("--project: not of the form proj_ and up to 64 letters, digits, _ or -");
    return {};
}

void show(const std::vector<ConformanceResult>& findings) {
    for (const auto& finding : findings) {
        const auto& text = text_of(finding.check);
        std::printf("%s\t%s\t%s\t%s\t%s\n", std::string(name_of(finding.result)).c_str(),
                    std::string(text.name).c_str(), finding.got.c_str(),
                    std::string(text.expected).c_str(), std::string(text.why).c_str());
    }
}

Result<std::vector<ConformanceResult>> examine(const NodeConfig& config, const std::string& token) {
    const auto child = UnprivilegedChild::start(config, -1);
    if (!child) return tl::make_unexpected(child.error());
    const auto made = (*child)->check_conformance(token, max_examination);
    if (!made) return tl::make_unexpected(made.error());
    return all_checks(*made);
}

int complain(const std::string& message) {
    (void)std::fprintf(stderr, "together-refresh: api-check: %s\n", message.c_str());
    return static_cast<int>(Conformance::cannot_tell);
}

}  // namespace

Result<NodeConfig> config_for_api_check(const RefreshOptions& options) {
    const auto& given = options.api_check;
    auto config = config_of_the_node(options.config_path);
    if (!config) return config;
    const bool has_authority = !config->base_url.empty() && !config->roster_is_a_file();
    const std::string known = has_authority ? config->base_url : "";
    if (given.url) {
        auto url = parse_base_url(*given.url);
        // Not repeated: it may hold a password.
        if (!url) return failure("URL: " + url.error().message);
        config->base_url = *url;
    }
    if (given.project) config->project = *given.project;
    if (given.ca_file) config->ca_file = *given.ca_file;
    if (given.token_file)
        config->token_file = *given.token_file;
    else if (has_authority && origin_of(known) != origin_of(config->base_url))
        // A mistyped name must not get the cluster's token.
        return failure("this node's token is for " + known +
                       "; give --token-file for another authority");
    if (auto checked = check_settings(*config); !checked)
        return tl::make_unexpected(checked.error());
    return config;
}

int api_check(const RefreshOptions& options) {
    const auto config = config_for_api_check(options);
    if (!config) return complain(config.error().message);
    const auto token = read_token(config->token_file);
    if (!token) return complain(token.error().message);
    const auto findings = examine(*config, *token);
    if (!findings) return complain(findings.error().message);
    show(*findings);
    if (std::fflush(stdout) != 0) return complain("cannot write to stdout");
    return static_cast<int>(conformance_of(*findings));
}

}  // namespace together
