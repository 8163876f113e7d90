// SPDX-License-Identifier: Apache-2.0
// together-refresh's command line.
#pragma once

#include <optional>
#include <string>

#include "common/config/config.h"
#include "common/system/result.h"

namespace together {

enum class RefreshKind {
    now,           // one round, whatever age and back-off
    on_demand,     // executed by an adapter: honours age and back-off, bounded by [roster] deadline
    watch,         // rounds for ever
    api_check,     // no round: what would a node think of an authority?
    check_access,  // no round: does this node's authority answer, with this node's token?
};

// What is not given, the configuration says.
struct ApiCheckOptions {
    std::optional<std::string> url;
    std::optional<std::string> project;
    std::optional<std::string> token_file;
    std::optional<std::string> ca_file;
};

struct RefreshOptions {
    std::string config_path = default_config_path;
    RefreshKind kind = RefreshKind::now;
    bool verbose = false;
    bool accept_older = false;
    ApiCheckOptions api_check;
    bool help = false;
    bool version = false;
};

Result<RefreshOptions> parse_options(int argc, const char* const* argv);
extern const char* const refresh_usage;

}  // namespace together
