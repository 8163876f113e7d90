// SPDX-License-Identifier: Apache-2.0
// The nodes in memory and in the database, kept alike. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "role_server/model/nodes.h"
#include "role_server/model/stored_nodes.h"

namespace together::roled {

class KnownNodes {
  public:
    Nodes& in_memory() { return nodes_; }

    // What other replicas wrote, and what was there before this process, is known after it.
    void read_new(Store& store, std::int64_t now_ms);

    // In a transaction for writing; written() after its commit.
    NodeWrite write(Store& store, const NodeChanges& changes, std::int64_t now_ms);
    void written(const NodeWrite& write);

  private:
    Nodes nodes_;
    std::atomic<std::int64_t> read_ = 0;  // the newest write that is known here
};

}  // namespace together::roled
