// SPDX-License-Identifier: Apache-2.0
#include "http_server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace together::http {

std::size_t raise_descriptor_limit(std::size_t ours) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024 - ours;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    return std::max<std::size_t>(limit.rlim_cur, 2 * ours) - ours;
}

}  // namespace together::http
