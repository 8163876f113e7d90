// SPDX-License-Identifier: Apache-2.0
// The settings of `serve`, checked.
#pragma once

#include "common/system/result.h"
#include "role_server/cli/options.h"
#include "role_server/server/serve.h"

namespace together::roled {

Result<ServeOptions> serve_options(const Options& options);

}  // namespace together::roled
