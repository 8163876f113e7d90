// SPDX-License-Identifier: Apache-2.0
#include "common/system/random.h"

#include <sys/random.h>

#include <cstdint>

namespace together {

double random_fraction() {
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) return 0.5;
    return static_cast<double>(number) / static_cast<double>(UINT32_MAX);
}

}  // namespace together
