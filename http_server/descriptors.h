// SPDX-License-Identifier: Apache-2.0
// How many connections a server may hold.
#pragma once

#include <cstddef>

namespace together::http {

// Raises this process's limit of descriptors as far as it may. Returns how many that leaves for
// connections beside `ours`; never fewer than `ours`.
std::size_t raise_descriptor_limit(std::size_t ours);

}  // namespace together::http
