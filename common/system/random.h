// SPDX-License-Identifier: Apache-2.0
// Randomness that spreads what many nodes do; no secret is made of it.
#pragma once

namespace together {

// A random number from 0 to 1.
double random_fraction();

}  // namespace together
