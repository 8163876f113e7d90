// SPDX-License-Identifier: Apache-2.0
// One connection to the database, and transactions on it.
//
// SOCI throws soci::soci_error; whoever runs requests catches it once, discards the connection and
// answers 503. A Store belongs to one thread at a time.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/system/result.h"

namespace together::roled {

class Store {
  public:
    // Opens the SQLite file `db`; with `create` it must not exist yet, else it must.
    static Result<std::unique_ptr<Store>> open(const std::string& db);
    static Result<std::unique_ptr<Store>> create(const std::string& db);

    explicit Store(const std::string& connection);

    soci::session& sql() { return sql_; }

  private:
    soci::session sql_;
};

// Rolled back unless committed: an early return never leaves half a change behind.
class Transaction {
  public:
    enum class Mode {
        read,           // one snapshot for all that the request reads
        write,          // the write lock at once: SQLite fails a later upgrade without waiting
        write_if_free,  // the same, but throws at once where somebody else has it
    };
    Transaction(Store& store, Mode mode);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();
    void roll_back();

  private:
    Store& store_;
    bool open_ = true;
};

// Whole seconds, and milliseconds, since 1970.
std::int64_t now_seconds();
std::int64_t now_milliseconds();

}  // namespace together::roled
