// SPDX-License-Identifier: Apache-2.0
// Whether what stands at a path is what root put there.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace together {

// Why somebody but root, who runs this and `also` could put something else there, or write it: the
// file, a folder or a link on the way to it is theirs or can be written by others. Empty where
// nobody can.
std::string why_exchangeable(const std::string& path, std::optional<uid_t> also = {});
// Also of a path at which nothing is yet: why somebody else could make it.
std::string why_exchangeable_or_makeable(const std::string& path, std::optional<uid_t> also = {});

}  // namespace together
