// SPDX-License-Identifier: Apache-2.0
// A uid or gid in the key of a constant database (cdb), five bits a letter: cdb's hash is times 33.
// So each of a million in a row has a hash of its own, and all tables are of a size. Of four bytes,
// eight had the same hash (a look-up took twice as long); of four bits a letter, some tables are
// half as large again, and who is absent costs a look at all of one.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace together {

inline constexpr size_t id_letters = 7;

inline void write_id(char* to, uint32_t id) {
    for (size_t i = 0; i < id_letters; ++i, id >>= 5) to[i] = static_cast<char>('@' + (id & 31));
}

}  // namespace together
