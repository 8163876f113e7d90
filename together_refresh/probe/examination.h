// SPDX-License-Identifier: Apache-2.0
// An authority, looked at by the unprivileged child: a source that gives notes and no roster.
#pragma once

#include <string>

#include "together_refresh/child/fetch_child.h"

namespace together {

// Ends within `limit`. The error says why it could not be tried.
Result<void> examine_authority(const Config& config, const std::string& token, MakeSource source,
                               Nanoseconds limit, const NoteHandler& note);

}  // namespace together
