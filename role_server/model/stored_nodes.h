// SPDX-License-Identifier: Apache-2.0
// The nodes of all projects in the database, through which replicas know of each other's, and which
// outlive a restart. Each row has the number of the write that it came with.
#pragma once

#include <cstdint>
#include <vector>

#include "role_server/model/nodes.h"
#include "role_server/store/store.h"

namespace together::roled {

// In a transaction of the caller's, for writing: one statement for all rows, whatever their number,
// and one for those that are gone. A row that was seen later by another replica stays. Returns the
// number of this write, and that of the one before.
struct NodeWrite {
    std::int64_t before, number;
};
NodeWrite write_nodes(Store& store, const NodeChanges& changes, std::int64_t now);

struct StoredNodes {
    std::int64_t newest = 0;  // of the writes
    std::vector<NodeRow> rows;
};
// What came with later writes than this one.
StoredNodes nodes_since(Store& store, std::int64_t write);
std::int64_t newest_node_write(Store& store);

}  // namespace together::roled
