// SPDX-License-Identifier: Apache-2.0
// What stands in accounts.v1 and authorized_keys.v1: constant databases (cdb) with a header behind
// them that only together-refresh reads. Shared with libnss_together.so.2: plain data, libc alone.
//
//   "l" login | "u" uid (7 letters) AccountHead, gid[groups], then texts, each with a NUL: login,
//                                   "*", user id, home, shell
//   "g" name  | "i" gid (7 letters) GroupHead, offset[members] into the texts, then texts: name,
//                                   "*", each member
//   "l" login (keys)                KeysHead, then "TYPE BASE64\n" for each key; accounts.v1 must
//                                   have the same person under that login
//   "r" uid (7 letters)             together-refresh's own, in both files: RemovedHead, then login
//                                   and user id
//   "k" gid (7 letters)             likewise, whose group's it is or was: UsedGidHead, then project
//
// Native byte order: the files never leave the node. `fixed` is the length of the part before the
// arrays: later fields go behind today's, and an old module, which is loaded until its process
// ends, skips them. The checksum covers key and record: a damaged table leads to no other's record.
//
// A private group is not stored: who misses a group looks for an account of that name or number,
// whose gid is its uid. A removed account has "u" alone.
#pragma once

#define XXH_INLINE_ALL
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

namespace together {

struct AccountHead {
    uint64_t checksum;
    uint32_t uid;
    uint32_t gid;
    uint16_t fixed;
    uint16_t groups;
    uint16_t text;  // bytes
    uint16_t flags;
};
static_assert(sizeof(AccountHead) == 24);

inline constexpr uint16_t account_is_the_nodes = 1;  // its groups alone are ours
inline constexpr uint16_t account_is_removed = 2;

struct GroupHead {
    uint64_t checksum;
    uint32_t gid;
    uint32_t members;
    uint32_t text;  // bytes
    uint16_t fixed;
    uint16_t flags;
};
static_assert(sizeof(GroupHead) == 24);

struct KeysHead {
    uint64_t checksum;
    uint32_t text;  // bytes
    uint16_t fixed;
    uint16_t keys;
    uint64_t person;
};
static_assert(sizeof(KeysHead) == 24);

// The files are replaced one after the other: a login's keys can be those of whoever has it next.
inline uint64_t person_of(uint32_t uid, const char* user_id, size_t size) {
    return XXH3_64bits_withSeed(user_id, size, uid);
}

// Of an account: so it is read in one piece.
inline constexpr size_t max_account_record = 1000;
inline constexpr size_t max_account_key = 33;

// `record` begins with the checksum itself, which is not part of what it covers.
inline uint64_t record_checksum(const char* key, size_t key_size, const char* record,
                                size_t record_size) {
    return XXH3_64bits_withSeed(record + sizeof(uint64_t), record_size - sizeof(uint64_t),
                                XXH3_64bits(key, key_size));
}

}  // namespace together
