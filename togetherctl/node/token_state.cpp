// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/token_state.h"

#include <unistd.h>

#include <cerrno>

#include "common/system/trusted_file.h"

namespace together::ctl {

using namespace together;

TokenFile look_at_token(const Config& config) {
    if (config.roster_is_a_file()) return {"not_needed", "the roster is a file"};
    if (::faccessat(AT_FDCWD, config.token_file.c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES)
        return {"not_tested", "this user may not read it"};
    const auto file = open_trusted(config.token_file, Links::follow, Secrecy::secret);
    if (file) return {"usable", ""};
    return {file.error().kind == FileError::missing ? "missing" : "unusable", file.error().message};
}

}  // namespace together::ctl
