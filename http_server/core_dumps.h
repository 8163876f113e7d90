// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace together::http {

// A core would hold a key, and the tokens of those who asked last. Both: a limit of zero keeps no
// dump from a handler that the kernel pipes it to.
void forbid_core_dumps();

}  // namespace together::http
