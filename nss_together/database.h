// SPDX-License-Identifier: Apache-2.0
// /var/lib/together/accounts.v1 as this module reads it: opened, looked into and closed in each
// call.
//
// No state, so threads, forks and a file that is replaced need no thought; no mapping, because a
// file that is cut short would kill its reader. Whose the file is does not matter: in a user
// namespace root's belongs to nobody, and its path lies in root's folders. libc alone: a C++
// runtime costs each new process of the node 70 to 950 us.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/accounts/record_layout.h"
#include "common/system/file_descriptor.h"
#include "common/system/first_account_id.h"
#include "nss_together/outcome.h"

namespace together::nss {

// "l" and a login, "u" and a uid, "g" and a group's name, "i" and a gid.
struct Key {
    char bytes[max_account_key];
    size_t size;
};
// False for a name that is too long to be one of ours.
bool make_key(Key& key, char kind, const char* name);
// False for the system's ids, whatever the file says.
bool make_key(Key& key, char kind, uint32_t id);

// A record, of which as much was read as there was room for.
struct Record {
    const char* bytes;
    size_t size;
    size_t read;
    off_t offset;  // in the file
};

class Database {
  public:
    Outcome open();
    // Absent only where no damaged byte can have made it so. Valid until the next call.
    Outcome find(const Key& key, Record& record);
    // Of the whole record, its checksum, wherever it was read to.
    static bool is_intact(const Key& key, const char* bytes, size_t size);
    Outcome read(void* buffer, size_t size, off_t offset) const;

  private:
    struct Table {
        uint32_t start;
        uint32_t slots;
    };
    struct Slot {
        uint32_t hash;
        uint32_t position;
    };

    Outcome find_table(uint32_t hash, Table& table) const;
    Outcome slot(const Table& table, uint32_t number, Slot& slot);
    Outcome look_at(uint32_t position, uint32_t hash);
    bool lies_inside(uint64_t start, uint64_t size) const;

    static constexpr size_t slots_at_once = 16;
    static constexpr size_t head_size = 8;

    FileDescriptor file_;
    uint64_t size_ = 0;
    // Half of a table's slots are empty: the answer is nearly always in the first few.
    char window_[slots_at_once * head_size];
    uint32_t window_start_ = 0;
    uint32_t window_slots_ = 0;
    // A record's head, its key, and an account whole.
    char record_[head_size + max_account_key + max_account_record];
    size_t record_read_ = 0;
    uint32_t key_size_ = 0;
    uint32_t value_size_ = 0;
};

}  // namespace together::nss
