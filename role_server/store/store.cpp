// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/store.h"

#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <system_error>

namespace together::roled {
namespace {

// How long a change waits for another writer; a commit takes milliseconds, so one that waits longer
// has met a stuck process and should say so.
constexpr int patience_ms = 5000;

std::string connection_to(const std::string& db) {
    return "dbname=\"" + db + "\" timeout=5";
}

void set_patience(Store& store, int milliseconds) {
    int applied = 0;
    store.sql() << "PRAGMA busy_timeout = " + std::to_string(milliseconds), soci::into(applied);
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

Result<std::unique_ptr<Store>> connect(const std::string& db) {
    if (db.empty() || db.find('"') != std::string::npos)
        return failure("--db: '" + db + "' cannot be the path of a database");
    try {
        return std::make_unique<Store>(connection_to(db));
    } catch (const soci::soci_error& error) {
        return failure(db + ": " + error.what());
    }
}

template <class Unit>
std::int64_t now_in() {
    using namespace std::chrono;
    return duration_cast<Unit>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& db) {
    if (!exists(db))
        return failure(db + " does not exist; make it with: together-roled init --db " + db + " …");
    return connect(db);
}

Result<std::unique_ptr<Store>> Store::create(const std::string& db) {
    if (exists(db)) return failure(db + " exists already and is left alone");
    // It holds the hashes of all keys and everybody's address: for its owner only. SQLite gives its
    // -wal and -shm files the same mode.
    const auto before = ::umask(077);
    auto store = connect(db);
    ::umask(before);
    return store;
}

Store::Store(const std::string& connection) : sql_(soci::sqlite3, connection) {
    std::string mode;
    sql_ << "PRAGMA journal_mode = WAL", soci::into(mode);
    if (mode != "wal") throw soci::soci_error("the file system does not do SQLite's WAL mode");
    // FULL: what was answered survives a power cut. NORMAL would lose the last commits.
    sql_ << "PRAGMA synchronous = FULL";
    sql_ << "PRAGMA foreign_keys = ON";
}

// Not SOCI's begin(): that one is deferred, whatever is meant.
Transaction::Transaction(Store& store, Mode mode) : store_(store) {
    if (mode == Mode::read) {
        store_.sql() << "BEGIN";
        return;
    }
    set_patience(store_, mode == Mode::write ? patience_ms : 0);
    store_.sql() << "BEGIN IMMEDIATE";
}

Transaction::~Transaction() {
    try {
        roll_back();
    } catch (const soci::soci_error&) {
        // The connection is broken; the database has rolled back or will when it closes.
    }
}

void Transaction::commit() {
    store_.sql() << "COMMIT";
    open_ = false;
}

void Transaction::roll_back() {
    if (!open_) return;
    open_ = false;
    store_.sql() << "ROLLBACK";
}

std::int64_t now_seconds() {
    return now_in<std::chrono::seconds>();
}
std::int64_t now_milliseconds() {
    return now_in<std::chrono::milliseconds>();
}

}  // namespace together::roled
