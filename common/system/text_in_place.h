// SPDX-License-Identifier: Apache-2.0
// A text of a constant table, without a pointer to it. A page of pointers in a shared object is
// written to, and so copied, in each process that loads it; texts are only read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace together {

template <std::size_t capacity>
class TextInPlace {
  public:
    template <std::size_t size>
    consteval TextInPlace(const char (&literal)[size]) {
        static_assert(size <= capacity);
        std::copy_n(literal, size, text_);
    }

    constexpr operator std::string_view() const& { return text_; }
    operator std::string_view() const&& = delete;  // it would outlive the text

  private:
    char text_[capacity]{};  // ends with a NUL
};

}  // namespace together
