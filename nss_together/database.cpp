// SPDX-License-Identifier: Apache-2.0
#include "nss_together/database.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/system/id_in_key.h"
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
constexpr size_t contents_size = size_t{number_of_tables} * 2 * sizeof(uint32_t);

Outcome unavailable() {
    return {NSS_STATUS_UNAVAIL, errno};
}

uint32_t hash_of(const char* bytes, size_t size) {
    uint32_t hash = 5381;
    for (size_t i = 0; i < size; ++i) hash = (hash * 33) ^ static_cast<unsigned char>(bytes[i]);
    return hash;
}

int texts_in(const char* text, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; ++i) count += text[i] == '\0';
    return count;
}

}  // namespace

Key::Key(char kind, const char* name) {
    const size_t length = strnlen(name, sizeof bytes);
    if (length == 0 || length == sizeof bytes) return;
    bytes[0] = kind;
    memcpy(bytes + 1, name, length);
    size = length + 1;
}

Key::Key(char kind, uint32_t id) {
    if (id < first_account_id) return;
    bytes[0] = kind;
    write_id(bytes + 1, id);
    size = 1 + id_letters;
}

Outcome Database::open() {
    // A FIFO does not hold us, a terminal does not become ours.
    file_ = FileDescriptor(
        ::open(TOGETHER_ACCOUNTS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat status;
    if (!file_ || ::fstat(file_.get(), &status) != 0) return unavailable();
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return {NSS_STATUS_UNAVAIL, EINVAL};
    size_ = static_cast<uint64_t>(status.st_size);
    return found;
}

bool Database::lies_inside(uint64_t start, uint64_t size) const {
    return start >= contents_size && start + size <= size_;
}

Outcome Database::read(void* buffer, size_t size, off_t offset) const {
    const ssize_t got = read_full_at(file_.get(), buffer, size, offset);
    if (got < 0) return unavailable();
    return static_cast<size_t>(got) == size ? found : damaged;
}

Database::Pair Database::pair_at(const char* bytes) {
    Pair pair;
    memcpy(&pair, bytes, sizeof pair);
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    return pair;
}

// With its neighbours, since each table ends where the next begins: a damaged number of slots, 0
// above all, is noticed.
Outcome Database::find_table(uint32_t hash, Pair& table) const {
    const uint32_t number = hash % number_of_tables;
    const uint32_t first = number > 0 ? number - 1 : 0;
    const uint32_t count = number > 0 && number < number_of_tables - 1 ? 3 : 2;
    char tables[3 * pair_size];
    if (const auto got = read(tables, count * pair_size, static_cast<off_t>(first * pair_size));
        got.failed())
        return got;
    for (uint32_t i = 0; i + 1 < count; ++i) {
        const Pair one = pair_at(tables + i * pair_size);
        const Pair next = pair_at(tables + (i + 1) * pair_size);
        if (one.first + uint64_t{one.second} * pair_size != next.first) return damaged;
    }
    table = pair_at(tables + (number - first) * pair_size);
    return lies_inside(table.first, uint64_t{table.second} * pair_size) ? found : damaged;
}

Outcome Database::find_slot(const Pair& table, uint32_t number, Pair& slot) {
    if (number < window_start_ || number >= window_start_ + window_slots_) {
        constexpr uint32_t at_once = sizeof window_ / pair_size;
        window_start_ = number;
        window_slots_ = table.second - number < at_once ? table.second - number : at_once;
        const auto offset = static_cast<off_t>(table.first + uint64_t{number} * pair_size);
        if (const auto got = read(window_, window_slots_ * pair_size, offset); got.failed())
            return got;
    }
    slot = window_[number - window_start_];
    return found;
}

// The key of the record there must have the hash that the slot says.
Outcome Database::read_record(const Pair& slot) {
    if (!lies_inside(slot.second, pair_size)) return damaged;
    const ssize_t got = read_full_at(file_.get(), record_, sizeof record_, slot.second);
    if (got < 0) return unavailable();
    record_read_ = static_cast<size_t>(got);
    const auto [key, value] = pair_at(record_);
    const bool is_one = record_read_ >= pair_size && key <= max_account_key &&
                        record_read_ >= pair_size + key &&
                        lies_inside(slot.second, pair_size + uint64_t{key} + value) &&
                        hash_of(record_ + pair_size, key) == slot.first;
    return is_one ? found : damaged;
}

Outcome Database::find(const Key& key, Record& record) {
    const uint32_t hash = hash_of(key.bytes, key.size);
    Pair table;
    if (const auto got = find_table(hash, table); got.failed()) return got;
    window_slots_ = 0;
    // Once for the record; where there is none, again for what the passed slots say: one whose hash
    // is damaged may be the one.
    for (uint64_t i = 0, prove = 0; prove < 2; ++i) {
        Pair slot{};
        if (i < table.second) {
            const auto number = static_cast<uint32_t>(((hash >> 8) + i) % table.second);
            if (const auto got = find_slot(table, number, slot); got.failed()) return got;
        }
        if (slot.first == 0 && slot.second == 0) {
            ++prove;
            i = UINT64_MAX;  // from the first again
            continue;
        }
        if (slot.first != hash && prove == 0) continue;
        if (const auto got = read_record(slot); got.failed()) return got;
        const auto [key_size, value_size] = pair_at(record_);
        const size_t before = pair_size + key_size;
        if (key_size != key.size || memcmp(record_ + pair_size, key.bytes, key.size) != 0) continue;
        const size_t read = record_read_ - before;
        record = {record_ + before, value_size, read < value_size ? read : value_size,
                  static_cast<off_t>(slot.second + before)};
        return found;
    }
    return absent;
}

Outcome Database::find_account(const Key& key, Account& account) {
    Record record;
    if (const auto got = find(key, record); got.failed()) return got;
    auto& head = account.head;
    if (record.read != record.size || record.size < sizeof head ||
        !is_intact(key, record.bytes, record.size))
        return damaged;
    memcpy(&head, record.bytes, sizeof head);
    const size_t groups = head.groups * sizeof(uint32_t);
    if (head.fixed < sizeof head || head.fixed + groups + head.text > record.size) return damaged;
    account.groups = record.bytes + head.fixed;
    account.text = account.groups + groups;
    if (head.text == 0 || account.text[head.text - 1] != '\0' ||
        texts_in(account.text, head.text) < 5)
        return damaged;
    return head.uid >= first_account_id && head.gid >= first_account_id ? found : absent;
}

bool is_intact(const Key& key, const char* bytes, size_t size) {
    uint64_t expected = 0;
    memcpy(&expected, bytes, sizeof expected);
    return record_checksum(key.bytes, key.size, bytes, size) == expected;
}

}  // namespace together::nss
