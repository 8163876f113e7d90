// SPDX-License-Identifier: Apache-2.0
#include "common/roster/constant_database.h"

#include <cdb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/system/io.h"

namespace together {
namespace {

// The format, from cdb(5): 256 pairs (position of a hash table, its slots), the records, the hash
// tables. A slot is a pair (hash, position of the record), a record's head a pair of lengths.
constexpr std::size_t pair_size = 8;
constexpr std::size_t contents_size = number_of_tables * pair_size;

struct Pair {
    std::uint32_t first;
    std::uint32_t second;
};

Pair pair_in(std::string_view bytes) {
    const auto* numbers = reinterpret_cast<const unsigned char*>(bytes.data());
    return {::cdb_unpack(numbers), ::cdb_unpack(numbers + 4)};
}

// As much as the file has there; empty where it cannot be read.
std::string_view read_at(int fd, std::span<char> buffer, std::size_t from) {
    const auto got = read_some_at(fd, buffer.data(), buffer.size(), static_cast<off_t>(from));
    return {buffer.data(), got < 0 ? 0 : static_cast<std::size_t>(got)};
}

std::optional<Pair> read_pair(int fd, std::size_t from) {
    std::array<char, pair_size> buffer;
    const auto bytes = read_at(fd, buffer, from);
    if (bytes.size() < pair_size) return std::nullopt;
    return pair_in(bytes);
}

std::uint32_t hash_of(std::string_view key) {
    return ::cdb_hash(key.data(), static_cast<unsigned>(key.size()));
}

// The record at a position, where it is that of the key. Another's must have the same hash, or a
// damaged key would make its owner absent.
tl::expected<std::string_view, Absence> value_at(int fd, std::size_t position, std::string_view key,
                                                 std::span<char> buffer) {
    const auto record = read_at(fd, buffer, position);
    if (record.size() < pair_size) return tl::make_unexpected(Absence::damaged);
    const auto [key_size, value_size] = pair_in(record);
    const auto text = record.substr(pair_size);
    if (text.size() < key_size) return tl::make_unexpected(Absence::damaged);
    const auto its_key = text.substr(0, key_size);
    if (its_key != key)
        return tl::make_unexpected(hash_of(its_key) == hash_of(key) ? Absence::not_found
                                                                    : Absence::damaged);
    if (text.size() - key_size < value_size) return tl::make_unexpected(Absence::damaged);
    return text.substr(key_size, value_size);
}

}  // namespace

tl::expected<std::string_view, Absence> find_in_database(int fd, std::string_view key,
                                                         std::span<char> buffer) {
    const std::uint32_t hash = hash_of(key);
    const auto table = read_pair(fd, table_of(key) * pair_size);
    if (!table) return tl::make_unexpected(Absence::damaged);
    const auto [start, slots] = *table;
    if (slots == 0) return tl::make_unexpected(Absence::not_found);
    // Half of a table's slots are empty: the answer is nearly always in the first few.
    constexpr std::size_t at_once = 16;
    std::array<char, at_once * pair_size> window;
    std::size_t slot = (hash >> 8) % slots;
    for (std::size_t looked_at = 0; looked_at < slots;) {
        const auto wanted = std::min({at_once, slots - slot, slots - looked_at});
        auto pairs =
            read_at(fd, std::span(window).first(wanted * pair_size), start + slot * pair_size);
        if (pairs.size() < wanted * pair_size) return tl::make_unexpected(Absence::damaged);
        for (; !pairs.empty(); pairs.remove_prefix(pair_size)) {
            const auto [its_hash, position] = pair_in(pairs);
            if (position == 0) return tl::make_unexpected(Absence::not_found);
            if (its_hash != hash) continue;
            const auto value = value_at(fd, position, key, buffer);
            if (value || value.error() == Absence::damaged) return value;
        }
        looked_at += wanted;
        slot = (slot + wanted) % slots;
    }
    return tl::make_unexpected(Absence::not_found);
}

// The last table is the last thing in it.
std::optional<std::size_t> length_of_database(int fd) {
    const auto table = read_pair(fd, contents_size - pair_size);
    if (!table) return std::nullopt;
    return table->first + table->second * pair_size;
}

std::size_t table_of(std::string_view key) {
    return hash_of(key) % number_of_tables;
}

std::optional<Digest> digest_of_table(int fd, std::size_t table) {
    std::array<char, std::size_t{16} * 1024> buffer;
    const auto head = read_at(fd, std::span(buffer).first(pair_size), table * pair_size);
    if (head.size() < pair_size) return std::nullopt;
    DigestStream digest;
    digest.update(bytes_of(table));
    digest.update(std::as_bytes(std::span(head)));
    auto [start, slots] = pair_in(head);
    for (std::size_t left = slots * pair_size; left > 0;) {
        const auto part =
            read_at(fd, std::span(buffer).first(std::min(left, buffer.size())), start);
        if (part.empty()) return std::nullopt;
        digest.update(std::as_bytes(std::span(part)));
        start += static_cast<std::uint32_t>(part.size());
        left -= part.size();
    }
    return digest.finish();
}

// The records end where the first of the hash tables begins, which is the file's first number.
bool DatabaseRecords::begin() {
    const auto first = read_pair(fd_, 0);
    if (!first) return false;
    position_ = contents_size;
    end_ = first->first;
    return end_ >= position_;
}

std::optional<DatabaseRecords::Record> DatabaseRecords::next() {
    const auto head = bytes(position_, pair_size);
    if (!head) return std::nullopt;
    const auto [key_size, value_size] = pair_in(*head);
    const std::size_t size = std::size_t{key_size} + value_size;
    const std::size_t text = position_ + pair_size;
    if (size > chunk || text + size > end_) return std::nullopt;
    const auto both = bytes(text, size);
    if (!both) return std::nullopt;
    position_ = text + size;
    return Record{both->substr(0, key_size), both->substr(key_size)};
}

// From the buffer, which is filled anew where it does not hold them all.
std::optional<std::string_view> DatabaseRecords::bytes(std::size_t from, std::size_t size) {
    if (from < start_ || from + size > start_ + filled_) {
        start_ = from;
        filled_ = read_at(fd_, buffer_, from).size();
        if (size > filled_) return std::nullopt;
    }
    return std::string_view(buffer_.data() + (from - start_), size);
}

}  // namespace together
