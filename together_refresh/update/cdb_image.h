// SPDX-License-Identifier: Apache-2.0
// A constant database (cdb) made in memory, for a file that is written in one piece and whose
// digest need not be read back. libcdb's own writer makes a system call for every four kilobytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/roster/checksum.h"

namespace together {

class CdbImage {
  public:
    CdbImage();

    // For this many more records, of that many bytes with their keys, and their tables.
    void reserve(std::size_t records, std::size_t bytes);
    void add(std::string_view key, std::string_view record);

    std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
    // Over all that were added, in their order.
    Digest digest() const;
    // With its hash tables. Nothing where it is larger than the format can say, 4 GiB.
    std::optional<std::string> finish() &&;

  private:
    struct Slot {
        std::uint32_t hash;
        std::uint32_t position;
    };

    std::string bytes_;
    std::vector<Slot> slots_;
};

}  // namespace together
