// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/known_nodes.h"

namespace together::roled {

// Two threads may read the same: merging it twice changes nothing.
void KnownNodes::read_new(Store& store, std::int64_t now_ms) {
    std::int64_t known = read_;
    const auto stored = nodes_since(store, known);
    nodes_.merge(stored.rows, now_ms);
    while (known < stored.newest && !read_.compare_exchange_weak(known, stored.newest)) {
    }
}

NodeWrite KnownNodes::write(Store& store, const NodeChanges& changes, std::int64_t now_ms) {
    read_new(store, now_ms);
    return write_nodes(store, changes, now_ms);
}

// All that others wrote was read just before: what was written here need not be.
void KnownNodes::written(const NodeWrite& write) {
    auto known = write.before;
    (void)read_.compare_exchange_strong(known, write.number);
}

}  // namespace together::roled
