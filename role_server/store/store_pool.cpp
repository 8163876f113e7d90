// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/store_pool.h"

#include <chrono>
#include <utility>

#include "role_server/store/connection_string.h"

namespace together::roled {

namespace {

// PostgreSQL ends a statement that takes too long; where it does not even do that, its connection
// is cut off.
constexpr const char* statement_timeout = "SET statement_timeout = 5000";
constexpr std::chrono::milliseconds max_wait{6000};
constexpr std::chrono::milliseconds look_every{500};
// Requests wait in a row: each would wait for a server that does not answer, one after the other.
constexpr std::chrono::milliseconds believed_for{1000};

}  // namespace

StorePool::StorePool(std::string db) : db_(std::move(db)) {
    if (is_postgresql(db_)) watcher_ = std::thread([this] { watch(); });
}

StorePool::~StorePool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_.notify_all();
    if (watcher_.joinable()) watcher_.join();
}

Result<StorePool::Lease> StorePool::lease() {
    std::unique_ptr<Store> store;
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            store = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!store) {
        auto opened = open();
        if (!opened) return tl::unexpected(opened.error());
        store = std::move(*opened);
    }
    const std::lock_guard lock(mutex_);
    lent_.insert(store.get());
    ++in_use_;
    return Lease(*this, std::move(store));
}

Result<std::unique_ptr<Store>> StorePool::open() {
    {
        const std::lock_guard lock(mutex_);
        if (failed_ && Clock::now() - failed_at_ < believed_for) return tl::unexpected(*failed_);
    }
    auto opened = Store::open(db_);
    if (opened && (*opened)->kind() == Store::Kind::postgresql)
        (*opened)->sql() << statement_timeout;
    const std::lock_guard lock(mutex_);
    failed_.reset();
    if (!opened && is_postgresql(db_)) failed_ = opened.error();
    failed_at_ = Clock::now();
    return opened;
}

void StorePool::give_back(std::unique_ptr<Store> store) {
    if (!store) return;
    take_back(*store);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(store));
}

void StorePool::take_back(const Store& store) {
    const std::lock_guard lock(mutex_);
    lent_.erase(&store);
    --in_use_;
}

void StorePool::watch() {
    std::unique_lock lock(mutex_);
    while (!stop_.wait_for(lock, look_every, [this] { return stopping_; }))
        for (const auto* store : lent_)
            if (store->has_waited(max_wait)) store->cut_off();
}

void StorePool::close_idle() {
    // Closed without the lock.
    const auto idle = [this] {
        const std::lock_guard lock(mutex_);
        return std::exchange(idle_, {});
    }();
}

}  // namespace together::roled
