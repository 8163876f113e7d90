// SPDX-License-Identifier: Apache-2.0
// PROJECT.roster.v1.addresses: where the authority, or the proxy before it, was reached last, for
// when its name cannot be looked up. TLS with the authority vouches for whoever is there, through a
// proxy too: nothing is kept of plain http.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"

namespace together {

// The newest first; none where the file is missing, another base_url's or proxy's, or not ours.
// Whatever is no address is left out.
std::vector<std::string> last_addresses(const Config& config);

// An address that a roster came from just now. What cannot be kept is not: the next round may.
void remember_address(const Config& config, const std::string& address);

}  // namespace together
