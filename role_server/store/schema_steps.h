// SPDX-License-Identifier: Apache-2.0
// The schema's steps, as data. A step that was released is never changed: a new one follows it.
#pragma once

#include <span>
#include <string_view>

namespace together::roled {

struct SchemaStep {
    int version;
    // The oldest together-roled, by the version of its schema, that works on a database of this
    // one: replicas are replaced one after the other.
    int works_for;
    // One statement each: SOCI drops a second one silently. SQL that SQLite and PostgreSQL both
    // take, but for "{id}", a text that is compared and ordered by its bytes.
    std::span<const std::string_view> statements;
};

std::span<const SchemaStep> schema_steps();

}  // namespace together::roled
