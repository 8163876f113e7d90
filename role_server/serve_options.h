// The settings of `serve`, checked.
#pragma once

#include "options.h"
#include "result.h"
#include "serve.h"

namespace together::roled {

Result<ServeOptions> serve_options(const Options& options);

}  // namespace together::roled
