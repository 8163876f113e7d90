// SPDX-License-Identifier: Apache-2.0
// The default access list of a volume, as the kernel has it in system.posix_acl_default: pure.
// Three entries, for which libacl would be one more library.
#pragma once

#include <cstddef>
#include <string>

namespace together::ctl {

// u::rwx,g::rwx,o::---: whatever the umask of who makes a file.
std::string default_acl_of_a_volume();

// Room for a list; a longer one is another.
inline constexpr std::size_t max_acl = 65536;

}  // namespace together::ctl
