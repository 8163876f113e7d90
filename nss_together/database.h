// SPDX-License-Identifier: Apache-2.0
// /var/lib/together/accounts.v1 as this module reads it: opened, looked into and closed in each
// call.
//
// No state, so threads, forks and a file that is replaced need no thought; no mapping, because a
// file that is cut short would kill its reader. Whose the file is does not matter: in a user
// namespace root's belongs to nobody, and its path lies in root's folders. libc alone: a C++
// runtime costs each new process of the node 70 to 950 us.
#pragma once

#include <errno.h>
#include <nss.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/accounts/record_layout.h"
#include "common/system/file_descriptor.h"
#include "common/system/first_account_id.h"

namespace together::nss {

// What glibc is answered (nss.h), and what errno shall be.
struct Outcome {
    nss_status status;
    int error;
    bool failed() const { return status != NSS_STATUS_SUCCESS; }
};
inline constexpr Outcome found = {NSS_STATUS_SUCCESS, 0};
inline constexpr Outcome absent = {NSS_STATUS_NOTFOUND, ENOENT};
inline constexpr Outcome too_small = {NSS_STATUS_TRYAGAIN, ERANGE};
inline constexpr Outcome no_memory = {NSS_STATUS_TRYAGAIN, ENOMEM};
inline constexpr Outcome damaged = {NSS_STATUS_UNAVAIL, EIO};

// The last thing that a look-up does: `errnop` is the address of errno itself, which closing a file
// may change, and glibc reads from it that a buffer was too small.
inline nss_status answer(Outcome outcome, int* errnop) {
    *errnop = outcome.error;
    return outcome.status;
}

// "l" and a login, "u" and a uid, "g" and a group's name, "i" and a gid. What can be no key of ours
// is empty: a name that is too long, and the system's ids, whatever the file says.
struct Key {
    char bytes[max_account_key];
    size_t size = 0;

    Key(char kind, const char* name);
    Key(char kind, uint32_t id);
};

// A record, of which as much was read as there was room for.
struct Record {
    const char* bytes;
    size_t size;
    size_t read;
    off_t offset;  // in the file
};

// Of ours, or one of the node's that has our groups. Points into the database's record.
struct Account {
    AccountHead head;
    const char* groups;  // gids, not aligned
    const char* text;    // login, "*", user id, home, shell, each with its NUL
    bool is_ours() const { return (head.flags & account_is_the_nodes) == 0; }
};

class Database {
  public:
    Outcome open();
    // Absent only where no damaged bit can have made it so. Valid until the next call.
    Outcome find(const Key& key, Record& record);
    // Checked from its first byte to its last.
    Outcome find_account(const Key& key, Account& account);
    Outcome read(void* buffer, size_t size, off_t offset) const;

  private:
    struct Pair {
        uint32_t first;
        uint32_t second;
    };
    static constexpr size_t pair_size = sizeof(Pair);

    static Pair pair_at(const char* bytes);
    Outcome find_table(uint32_t hash, Pair& table) const;
    Outcome find_slot(const Pair& table, uint32_t number, Pair& slot);
    Outcome read_record(const Pair& slot);
    bool lies_inside(uint64_t start, uint64_t size) const;

    FileDescriptor file_;
    uint64_t size_ = 0;
    // Half of a table's slots are empty: the answer is nearly always in the first few.
    Pair window_[16];
    uint32_t window_start_ = 0;
    uint32_t window_slots_ = 0;
    // A record's head, its key, and an account whole.
    char record_[pair_size + max_account_key + max_account_record];
    size_t record_read_ = 0;
};

// A whole record's checksum, wherever it was read to.
bool is_intact(const Key& key, const char* bytes, size_t size);

}  // namespace together::nss
