// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/access_check.h"

#include <algorithm>
#include <cstdio>

#include "together_refresh/probe/access_source.h"
#include "together_refresh/probe/examination.h"
#include "together_refresh/process/token_file.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto max_check = 25s;
constexpr std::string_view note_sign = "=";
constexpr int could_not_ask = 2;

Result<std::vector<AccessFinding>> examine(const std::string& config_path) {
    const auto config = load_config(config_path);
    if (!config) return tl::make_unexpected(config.error());
    if (config->roster_is_a_file())
        return failure("there is no authority to ask at " + config->base_url);
    const auto token = read_token(config->token_file);
    if (!token) return tl::make_unexpected(token.error());
    std::vector<AccessFinding> findings;
    const auto done = examine_authority(*config, *token, access_source_for, max_check,
                                        [&](const std::string& note) {
                                            if (auto finding = decode_access(note))
                                                findings.push_back(*std::move(finding));
                                        });
    if (!done) return tl::make_unexpected(done.error());
    if (findings.empty()) return failure("the authority could not be asked");
    return findings;
}

int complain(const std::string& message) {
    (void)std::fprintf(stderr, "together-refresh: check-access: %s\n", message.c_str());
    return could_not_ask;
}

}  // namespace

std::string encode_access(const AccessFinding& finding) {
    return std::string(note_sign) + finding.check + " " + finding.result + " " + finding.what;
}

std::optional<AccessFinding> decode_access(std::string_view note) {
    if (!note.starts_with(note_sign)) return std::nullopt;
    note.remove_prefix(note_sign.size());
    AccessFinding finding;
    for (auto* part : {&finding.check, &finding.result}) {
        const auto end = note.find(' ');
        if (end == note.npos || end == 0) return std::nullopt;
        *part = note.substr(0, end);
        note.remove_prefix(end + 1);
    }
    finding.what = note;
    return finding;
}

int check_access(const std::string& config_path) {
    const auto findings = examine(config_path);
    if (!findings) return complain(findings.error().message);
    for (const auto& [check, result, what] : *findings)
        std::printf("%s\t%s\t%s\n", check.c_str(), result.c_str(), what.c_str());
    return std::fflush(stdout) == 0 ? 0 : complain("cannot write to stdout");
}

}  // namespace together
