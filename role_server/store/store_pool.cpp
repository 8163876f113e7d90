// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/store_pool.h"

#include <utility>

namespace together::roled {

Result<StorePool::Lease> StorePool::lease() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto store = std::move(idle_.back());
            idle_.pop_back();
            ++in_use_;
            return Lease(*this, std::move(store));
        }
    }
    auto opened = Store::open(db_);
    if (!opened) return tl::unexpected(opened.error());
    ++in_use_;
    return Lease(*this, std::move(*opened));
}

void StorePool::give_back(std::unique_ptr<Store> store) {
    if (!store) return;
    --in_use_;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(store));
}

void StorePool::close_idle() {
    // Closed without the lock.
    const auto idle = [this] {
        const std::lock_guard lock(mutex_);
        return std::exchange(idle_, {});
    }();
}

}  // namespace together::roled
