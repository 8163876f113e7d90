// SPDX-License-Identifier: Apache-2.0
// A column that may be NULL, as std::optional. SOCI has this itself from 4.1 on.
#pragma once

#include <soci/soci.h>

#include <optional>

// Not by SOCI_VERSION: soci.h has lost it in some of them.
#if !__has_include(<soci/std-optional.h>)
namespace soci {

template <class T>
struct type_conversion<std::optional<T>> {
    using base_type = T;

    static void from_base(const T& value, indicator is, std::optional<T>& column) {
        if (is == i_null)
            column.reset();
        else
            column = value;
    }
    static void to_base(const std::optional<T>& column, T& value, indicator& is) {
        is = column ? i_ok : i_null;
        if (column) value = *column;
    }
};

}  // namespace soci
#endif
