// SPDX-License-Identifier: Apache-2.0
// The tables, and how an older database becomes the current one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/system/result.h"
#include "role_server/store/store.h"

namespace together::roled {

// Brings the schema up to date, in one transaction: an empty database gets all of it. Several that
// start at once do it one after the other. Fails where the database was written by a newer
// together-roled that this one cannot work beside.
Result<void> migrate(Store& store);

// Fails as migrate() does, and changes nothing.
Result<void> refuse_newer(Store& store);
// Which version it has, 0 of an empty one. And that of this program.
int schema_version(Store& store);
int newest_schema_version();

// Tables and columns that are not what the steps make, as sentences.
std::vector<std::string> schema_differences(Store& store);

// Of the table meta; 0 where there is none of that name.
std::int64_t meta_number(Store& store, const std::string& name);

// Names this copy of the data. A restored backup gets a new one, since its revisions count again
// from where they once were and an ETag must not come twice for different rosters.
std::string epoch_of(Store& store);
void set_epoch(Store& store, const std::string& epoch);

}  // namespace together::roled
