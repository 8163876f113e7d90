// SPDX-License-Identifier: Apache-2.0
// What glibc is answered (nss.h), and what errno shall be.
#pragma once

#include <errno.h>
#include <nss.h>

namespace together::nss {

struct Outcome {
    enum nss_status status;
    int error;
};

inline constexpr Outcome found = {NSS_STATUS_SUCCESS, 0};
inline constexpr Outcome absent = {NSS_STATUS_NOTFOUND, ENOENT};
inline constexpr Outcome too_small = {NSS_STATUS_TRYAGAIN, ERANGE};
inline constexpr Outcome no_memory = {NSS_STATUS_TRYAGAIN, ENOMEM};
inline constexpr Outcome damaged = {NSS_STATUS_UNAVAIL, EIO};

inline Outcome unavailable(int error) {
    return {NSS_STATUS_UNAVAIL, error};
}

// The last thing that a look-up does: `errnop` is the address of errno itself, which closing a file
// may change, and glibc reads from it that a buffer was too small.
inline enum nss_status answer(Outcome outcome, int* errnop) {
    *errnop = outcome.error;
    return outcome.status;
}

}  // namespace together::nss
