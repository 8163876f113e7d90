// SPDX-License-Identifier: Apache-2.0
#include "nss_together/database.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/system/io.h"

#ifndef TOGETHER_ACCOUNTS_FILE
#define TOGETHER_ACCOUNTS_FILE "/var/lib/together/accounts.v1"
#endif

namespace together::nss {
namespace {

// The format, from cdb(5): 256 pairs (position of a hash table, its slots), the records, the hash
// tables one behind the other. A slot is a pair (hash, position of the record), a record's head a
// pair of lengths. Little-endian.
constexpr uint32_t number_of_tables = 256;
constexpr size_t pair_size = 8;
constexpr size_t contents_size = number_of_tables * pair_size;

uint32_t number_at(const char* bytes) {
    const auto* b = reinterpret_cast<const unsigned char*>(bytes);
    return b[0] | static_cast<uint32_t>(b[1]) << 8 | static_cast<uint32_t>(b[2]) << 16 |
           static_cast<uint32_t>(b[3]) << 24;
}

uint32_t hash_of(const char* bytes, size_t size) {
    uint32_t hash = 5381;
    for (size_t i = 0; i < size; ++i) hash = (hash * 33) ^ static_cast<unsigned char>(bytes[i]);
    return hash;
}

}  // namespace

bool make_key(Key& key, char kind, const char* name) {
    const size_t size = strnlen(name, sizeof key.bytes);
    if (size == 0 || size == sizeof key.bytes) return false;
    key.bytes[0] = kind;
    memcpy(key.bytes + 1, name, size);
    key.size = size + 1;
    return true;
}

bool make_key(Key& key, char kind, uint32_t id) {
    key.bytes[0] = kind;
    memcpy(key.bytes + 1, &id, sizeof id);
    key.size = 1 + sizeof id;
    return id >= first_account_id;
}

Outcome Database::open() {
    // A FIFO does not hold us, a terminal does not become ours.
    file_ = FileDescriptor(
        ::open(TOGETHER_ACCOUNTS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!file_) return unavailable(errno);
    struct stat status;
    if (::fstat(file_.get(), &status) != 0) return unavailable(errno);
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return unavailable(EINVAL);
    size_ = static_cast<uint64_t>(status.st_size);
    return found;
}

bool Database::lies_inside(uint64_t start, uint64_t size) const {
    return start >= contents_size && start + size <= size_;
}

Outcome Database::read(void* buffer, size_t size, off_t offset) const {
    const ssize_t got = read_full_at(file_.get(), buffer, size, offset);
    if (got < 0) return unavailable(errno);
    return static_cast<size_t>(got) == size ? found : damaged;
}

// With its neighbours, since each table ends where the next begins: a damaged number of slots, 0
// above all, is noticed.
Outcome Database::find_table(uint32_t hash, Table& table) const {
    const uint32_t number = hash % number_of_tables;
    const uint32_t first = number > 0 ? number - 1 : 0;
    const uint32_t last = number < number_of_tables - 1 ? number + 1 : number;
    char pairs[3 * pair_size];
    const size_t size = (last - first + 1) * pair_size;
    if (const auto got = read(pairs, size, first * pair_size); got.status != NSS_STATUS_SUCCESS)
        return got;
    uint64_t next = number_at(pairs);
    for (size_t i = 0; i < size; i += pair_size) {
        if (number_at(pairs + i) != next) return damaged;
        next += uint64_t{number_at(pairs + i + 4)} * pair_size;
    }
    const char* ours = pairs + (number - first) * pair_size;
    table = {number_at(ours), number_at(ours + 4)};
    return lies_inside(table.start, uint64_t{table.slots} * pair_size) ? found : damaged;
}

Outcome Database::slot(const Table& table, uint32_t number, Slot& slot) {
    if (number < window_start_ || number >= window_start_ + window_slots_) {
        const uint32_t left = table.slots - number;
        window_start_ = number;
        window_slots_ = left < slots_at_once ? left : slots_at_once;
        const auto got = read(window_, window_slots_ * pair_size,
                              table.start + off_t{number} * static_cast<off_t>(pair_size));
        if (got.status != NSS_STATUS_SUCCESS) return got;
    }
    const char* pair = window_ + (number - window_start_) * pair_size;
    slot = {number_at(pair), number_at(pair + 4)};
    return found;
}

// Reads the record there, whose key must have the hash that the slot says.
Outcome Database::look_at(uint32_t position, uint32_t hash) {
    if (!lies_inside(position, pair_size)) return damaged;
    const ssize_t got = read_full_at(file_.get(), record_, sizeof record_, position);
    if (got < 0) return unavailable(errno);
    record_read_ = static_cast<size_t>(got);
    if (record_read_ < pair_size) return damaged;
    key_size_ = number_at(record_);
    value_size_ = number_at(record_ + 4);
    if (key_size_ > max_account_key || record_read_ < pair_size + key_size_ ||
        !lies_inside(position, pair_size + uint64_t{key_size_} + value_size_) ||
        hash_of(record_ + pair_size, key_size_) != hash)
        return damaged;
    return found;
}

Outcome Database::find(const Key& key, Record& record) {
    const uint32_t hash = hash_of(key.bytes, key.size);
    Table table;
    if (const auto got = find_table(hash, table); got.status != NSS_STATUS_SUCCESS) return got;
    window_slots_ = 0;
    // Once for the record; where there is none, again for what the passed slots say: one whose hash
    // is damaged may be the one.
    for (int pass = 0; pass < 2; ++pass) {
        const bool prove = pass == 1;
        for (uint32_t i = 0; i < table.slots; ++i) {
            Slot one;
            const uint32_t number =
                static_cast<uint32_t>(((hash >> 8) % table.slots + uint64_t{i}) % table.slots);
            if (const auto got = slot(table, number, one); got.status != NSS_STATUS_SUCCESS)
                return got;
            if (one.position == 0 && one.hash == 0) break;
            if (one.hash != hash && !prove) continue;
            if (const auto got = look_at(one.position, one.hash); got.status != NSS_STATUS_SUCCESS)
                return got;
            if (key_size_ != key.size || memcmp(record_ + pair_size, key.bytes, key.size) != 0)
                continue;
            const size_t before = pair_size + key_size_;
            const size_t read = record_read_ - before;
            record = {record_ + before, value_size_, read < value_size_ ? read : value_size_,
                      static_cast<off_t>(one.position + before)};
            return found;
        }
    }
    return absent;
}

bool Database::is_intact(const Key& key, const char* bytes, size_t size) {
    uint64_t expected;
    memcpy(&expected, bytes, sizeof expected);
    return record_checksum(key.bytes, key.size, bytes, size) == expected;
}

}  // namespace together::nss
