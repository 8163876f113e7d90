// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/cdb_image.h"

#include <cdb.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "common/roster/constant_database.h"

namespace together {
namespace {

constexpr std::size_t pair_size = 8;
constexpr std::size_t contents_size = number_of_tables * pair_size;

void put_pair(char* to, std::uint32_t first, std::uint32_t second) {
    auto* const bytes = reinterpret_cast<unsigned char*>(to);
    ::cdb_pack(first, bytes);
    ::cdb_pack(second, bytes + 4);
}

// Of a slot. No record is at the beginning.
bool is_free(const char* slot) {
    constexpr std::array<char, pair_size> empty{};
    return std::equal(empty.begin(), empty.end(), slot);
}

}  // namespace

// The tables' places come last.
CdbImage::CdbImage() : bytes_(contents_size, '\0') {}

void CdbImage::reserve(std::size_t records, std::size_t bytes) {
    slots_.reserve(slots_.size() + records);
    bytes_.reserve(bytes_.size() + records * (pair_size + 2 * pair_size) + bytes);
}

void CdbImage::add(std::string_view key, std::string_view record) {
    const auto position = bytes_.size();
    slots_.push_back({::cdb_hash(key.data(), static_cast<unsigned>(key.size())),
                      static_cast<std::uint32_t>(position)});
    bytes_.resize(position + pair_size);
    put_pair(&bytes_[position], static_cast<std::uint32_t>(key.size()),
             static_cast<std::uint32_t>(record.size()));
    bytes_.append(key).append(record);
}

Digest CdbImage::digest() const {
    DigestStream digest;
    digest.update(std::as_bytes(std::span(bytes_).subspan(contents_size)));
    return digest.finish();
}

// cdb(5): each table has twice as many slots as records, and a record the first free one from where
// its hash says.
std::optional<std::string> CdbImage::finish() && {
    // Half of the slots stay empty.
    const auto length = bytes_.size() + 2 * slots_.size() * pair_size;
    if (length > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    std::array<std::uint32_t, number_of_tables> slots_in{};
    for (const auto& slot : slots_) slots_in[slot.hash % number_of_tables] += 2;
    std::array<std::size_t, number_of_tables> start_of{};
    auto end = bytes_.size();
    for (std::size_t table = 0; table < number_of_tables; ++table) {
        start_of[table] = end;
        put_pair(&bytes_[table * pair_size], static_cast<std::uint32_t>(end), slots_in[table]);
        end += slots_in[table] * pair_size;
    }
    bytes_.resize(end);
    for (const auto& slot : slots_) {
        const auto table = slot.hash % number_of_tables;
        auto at = (slot.hash >> 8) % slots_in[table];
        while (!is_free(&bytes_[start_of[table] + at * pair_size]))
            if (++at == slots_in[table]) at = 0;
        put_pair(&bytes_[start_of[table] + at * pair_size], slot.hash, slot.position);
    }
    return std::move(bytes_);
}

}  // namespace together
