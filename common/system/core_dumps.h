// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace together {

// A core would hold keys and tokens. Both: a limit of zero keeps no dump from a handler that the
// kernel pipes it to.
void forbid_core_dumps();

}  // namespace together
