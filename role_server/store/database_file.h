// SPDX-License-Identifier: Apache-2.0
// An SQLite database as a file: copied while it is used, put back, looked at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/system/result.h"
#include "role_server/store/store.h"

namespace together::roled {

bool exists(const std::string& path);

// What SQLite finds wrong with the file or its references. PostgreSQL looks after its own.
std::vector<std::string> damages_of(Store& store);

// Writes a copy that is as the database was at one moment; whole or not there, for its owner alone.
// `file` must not exist.
Result<void> copy_to(Store& store, const std::string& file);

// A database that is prepared beside its place and appears there whole.
class Restoration {
  public:
    // Copies `backup`, which is left as it is. At `db` must be nothing, nor what SQLite leaves
    // beside a database: it would be taken for this one's.
    static Result<std::unique_ptr<Restoration>> begin(const std::string& backup,
                                                      const std::string& db);

    Store& store() { return *store_; }
    Result<void> finish();

    explicit Restoration(const std::string& db) : db_(db), prepared_(db + ".restoring") {}
    ~Restoration();
    Restoration(const Restoration&) = delete;
    Restoration& operator=(const Restoration&) = delete;

  private:
    const std::string db_, prepared_;
    std::unique_ptr<Store> store_;
};

}  // namespace together::roled
