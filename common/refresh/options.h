// together-refresh's command line.
#pragma once

#include <string>

#include "config.h"
#include "result.h"

namespace together {

enum class RefreshKind {
    now,        // one round, whatever age and mark
    on_demand,  // executed by an adapter: honours age and mark, bounded by [roster] deadline
    watch,      // rounds for ever
};

struct RefreshOptions {
    std::string config_path = default_config_path;
    RefreshKind kind = RefreshKind::now;
    bool verbose = false;
    bool accept_older = false;
    bool help = false;
    bool version = false;
};

Result<RefreshOptions> parse_options(int argc, const char* const* argv);
extern const char* const refresh_usage;

}  // namespace together
