// The settings of `serve`, checked.
#pragma once

#include "role_server/cli/options.h"
#include "common/system/result.h"
#include "role_server/server/serve.h"

namespace together::roled {

Result<ServeOptions> serve_options(const Options& options);

}  // namespace together::roled
