// SPDX-License-Identifier: Apache-2.0
// Reads a constant database (cdb) with pread(2) alone.
//
// libcdb writes it; its readers are not used here. cdb_find maps the file (why we do not: see
// snapshot.h), cdb_seek makes two system calls for each number that it reads, which was a fifth of
// a decision, and cdb_seqnext needs a mapping too. A damaged file leads to `damaged` or to a wrong
// `not_found`, never outside of the buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/roster/checksum.h"
#include "common/system/result.h"

namespace together {

enum class Absence {
    not_found,  // trustworthy only where its hash table is known to be intact
    damaged,
};

// The first value of `key`; it points into `buffer`, which must hold 8 bytes, the key and the
// largest value. Does not allocate; any number of threads may look in one descriptor.
tl::expected<std::string_view, Absence> find_in_database(int fd, std::string_view key,
                                                         std::span<char> buffer);

inline constexpr std::size_t number_of_tables = 256;

// Its length, whatever stands behind it; nothing where that cannot be read.
std::optional<std::size_t> length_of_database(int fd);

// Of the hash table that would list `key`.
std::size_t table_of(std::string_view key);

// Over a hash table, its number, place and size; nothing where it cannot be read.
std::optional<Digest> digest_of_table(int fd, std::size_t table);

// All records, in the order in which they were written. One thread.
class DatabaseRecords {
  public:
    explicit DatabaseRecords(int fd) : fd_(fd) {}

    struct Record {
        std::string_view key;
        std::string_view value;
    };

    // False where the file cannot be a database. Call it first.
    bool begin();
    bool at_end() const { return position_ == end_; }
    // Valid until the next call; nothing where the file is damaged.
    std::optional<Record> next();

  private:
    static constexpr std::size_t chunk = std::size_t{64} * 1024;

    std::optional<std::string_view> bytes(std::size_t from, std::size_t size);

    int fd_;
    std::vector<char> buffer_ = std::vector<char>(chunk);
    std::size_t start_ = 0;
    std::size_t filled_ = 0;
    std::size_t position_ = 0;
    std::size_t end_ = 0;
};

}  // namespace together
