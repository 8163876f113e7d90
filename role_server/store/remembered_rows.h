// SPDX-License-Identifier: Apache-2.0
// What one connection has read already, for as long as nothing has changed. Questions are many,
// their answers are made of few rows, and each change leaves a record in the trail: while its end
// is where it was, rows are as they were. Whoever reads for a change, or without saying where the
// trail ends, gets nothing from here. Belongs to one thread at a time.
#pragma once

#include <any>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace together::roled {

class RememberedRows {
  public:
    // What `load` returns or once returned for the same key. A key is the name of what it loads and
    // all that the loading depends on, the time apart: rows hold until when they count.
    template <class Load>
    auto get(const std::string& key, const Load& load) {
        using Row = decltype(load());
        if (!in_use_ || key.size() > max_key_) return load();
        if (const auto found = rows_.find(key); found != rows_.end())
            return std::any_cast<const Row&>(found->second);
        Row row = load();
        if (rows_.size() >= max_rows_) rows_.clear();
        rows_.emplace(key, row);
        return row;
    }

    // While it lives, of a transaction that read `end` as the trail's end first of all.
    class Use {
      public:
        Use(RememberedRows& rows, std::int64_t end) : rows_(rows) {
            if (rows.end_ != end) rows.rows_.clear();
            rows.end_ = end;
            rows.in_use_ = true;
        }
        ~Use() { rows_.in_use_ = false; }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

      private:
        RememberedRows& rows_;
    };

  private:
    static constexpr std::size_t max_rows_ = 50'000;  // about 20 MiB
    // Whoever asks may send any text for an id: none of ours is that long.
    static constexpr std::size_t max_key_ = 200;

    std::unordered_map<std::string, std::any> rows_;
    std::int64_t end_ = -1;
    bool in_use_ = false;
};

}  // namespace together::roled
