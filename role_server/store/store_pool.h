// SPDX-License-Identifier: Apache-2.0
// Connections that request threads borrow. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "role_server/store/store.h"

namespace together::roled {

class StorePool {
  public:
    explicit StorePool(std::string db);
    ~StorePool();
    StorePool(const StorePool&) = delete;
    StorePool& operator=(const StorePool&) = delete;

    // Gives the connection back when destroyed, unless discarded: one that has failed once is
    // closed, since nothing tells what state it is in, and with it those that nobody uses, which a
    // server that went away has cut off too. The next lease opens a new one.
    class Lease {
      public:
        Lease(StorePool& pool, std::unique_ptr<Store> store)
            : pool_(&pool), store_(std::move(store)) {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Lease(Lease&&) = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() { pool_->give_back(std::move(store_)); }

        Store& operator*() { return *store_; }
        Store* operator->() { return store_.get(); }
        void discard() {
            if (store_) pool_->take_back(*store_);
            store_.reset();
            pool_->close_idle();
        }

      private:
        StorePool* pool_;
        std::unique_ptr<Store> store_;
    };

    Result<Lease> lease();
    std::size_t in_use() const { return in_use_; }

  private:
    using Clock = std::chrono::steady_clock;

    Result<std::unique_ptr<Store>> open();
    void give_back(std::unique_ptr<Store> store);
    void take_back(const Store& store);
    void close_idle();
    void watch();

    const std::string db_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Store>> idle_;
    std::set<const Store*> lent_;
    std::optional<Error> failed_;  // the last attempt to open one
    Clock::time_point failed_at_;
    std::atomic<std::size_t> in_use_ = 0;
    bool stopping_ = false;
    std::condition_variable stop_;
    std::thread watcher_;  // PostgreSQL's
};

}  // namespace together::roled
