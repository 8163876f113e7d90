// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/store.h"

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "role_server/store/connection_string.h"
#include "role_server/store/database_file.h"

#if __has_include(<soci/std-optional.h>)
// SOCI 4.1 no longer shows what it links.
namespace sqlite_api {
extern "C" int sqlite3_reset(sqlite3_stmt* statement);
}
#endif

namespace together::roled {
namespace {

// How long a change waits for another writer; a commit takes milliseconds, so one that waits longer
// has met a stuck process and should say so.
constexpr int patience_ms = 1800;
// Any number that nobody else locks in this database: "together" in hexadecimal digits.
constexpr const char* writers_lock = "SELECT pg_advisory_xact_lock(8390891584357757298)";

const soci::backend_factory& factory_for(Store::Kind kind) {
    if (kind == Store::Kind::sqlite) return soci::sqlite3;
    return soci::postgresql;
}

// What an operator did not set: never to wait for ever for a server that is gone, and of several
// servers to take the one that can be written to.
std::string with_defaults(std::string url) {
    for (const std::string setting :
         {"connect_timeout=3", "tcp_user_timeout=10000", "target_session_attrs=read-write"})
        if (url.find(setting.substr(0, setting.find('=') + 1)) == std::string::npos)
            url += (url.find('?') == std::string::npos ? '?' : '&') + setting;
    return url;
}

Result<std::unique_ptr<Store>> connect(Store::Kind kind, const std::string& db) {
    const bool sqlite = kind == Store::Kind::sqlite;
    if (!sqlite)
        if (auto checked = check_connection_string(db); !checked)
            return tl::unexpected(checked.error());
    if (db.empty() || (sqlite && db.find('"') != std::string::npos))
        return failure("--db: '" + db + "' cannot be the path of a database");
    try {
        return std::make_unique<Store>(kind, sqlite ? "dbname=\"" + db + "\"" : with_defaults(db));
    } catch (const soci::soci_error& error) {
        return failure(shown(db) + ": " + without_password(error.what(), db));
    }
}

void set_up_sqlite(soci::session& sql) {
    std::string mode;
    sql << "PRAGMA journal_mode = WAL", soci::into(mode);
    if (mode != "wal" && mode != "memory")
        throw soci::soci_error("the file system does not do SQLite's WAL mode");
    // FULL: what was answered survives a power cut. NORMAL would lose the last commits.
    sql << "PRAGMA synchronous = FULL";
    sql << "PRAGMA foreign_keys = ON";
    int applied = 0;
    sql << "PRAGMA busy_timeout = " + std::to_string(patience_ms), soci::into(applied);
}

void set_up_postgresql(soci::session& sql) {
    sql << "SET client_min_messages = warning";
    sql << "SET lock_timeout = " + std::to_string(patience_ms);
    // A change never waits for the disk of a stuck server for ever; see docs/role-api.md.
    sql << "SET idle_in_transaction_session_timeout = 10000";
}

template <class Unit>
std::int64_t now_in() {
    using namespace std::chrono;
    return duration_cast<Unit>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& db) {
    if (is_postgresql(db)) return connect(Kind::postgresql, db);
    if (!exists(db))
        return failure(db + " does not exist; make it with: together-roled init --db " + db + " …");
    return connect(Kind::sqlite, db);
}

Result<std::unique_ptr<Store>> Store::create(const std::string& db) {
    if (is_postgresql(db)) return connect(Kind::postgresql, db);
    if (exists(db)) return failure(db + " exists already and is left alone");
    // It holds the hashes of all keys and everybody's address: for its owner only. SQLite gives its
    // -wal and -shm files the same mode.
    const auto before = ::umask(077);
    auto store = connect(Kind::sqlite, db);
    ::umask(before);
    return store;
}

std::unique_ptr<Store> Store::in_memory() {
    return std::make_unique<Store>(Kind::sqlite, "dbname=\":memory:\"");
}

Store::Store(Kind kind, const std::string& connection)
    : kind_(kind), sql_(factory_for(kind), connection) {
    if (kind == Kind::sqlite) {
        set_up_sqlite(sql_);
        return;
    }
    set_up_postgresql(sql_);
    const auto* backend = static_cast<soci::postgresql_session_backend*>(sql_.get_backend());
    socket_ = FileDescriptor(::fcntl(PQsocket(backend->conn_), F_DUPFD_CLOEXEC, 0));
}

bool Store::has_waited(std::chrono::milliseconds longer_than) const {
    const std::int64_t since = waiting_since_;
    return since != 0 && Wait::steady_now() - since > longer_than.count();
}

void Store::cut_off() const {
    if (socket_) (void)::shutdown(socket_.get(), SHUT_RDWR);
}

std::int64_t Store::Wait::steady_now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

Store::~Store() {
    try {
        statements_.clear();
    } catch (const soci::soci_error&) {
        // The connection is gone, and with it what was prepared there.
    }
}

Store::Kept& Store::kept(const std::string& text) {
    auto& kept = statements_[text];
    if (!kept) {
        auto prepared = std::make_unique<Kept>(sql_);
        prepared->statement.alloc();
        prepared->statement.prepare(text, soci::details::st_repeatable_query);
        kept = std::move(prepared);
    }
    return *kept;
}

Store::Use::Use(Kept& kept, Kind kind) : kept_(kept), kind_(kind) {
    if (kept_.in_use) throw std::logic_error("a statement is run while its rows are read");
    kept_.in_use = true;
}

Store::Use::~Use() {
    if (kind_ == Kind::sqlite)
        (void)sqlite_api::sqlite3_reset(
            static_cast<soci::sqlite3_statement_backend*>(kept_.statement.get_backend())->stmt_);
    kept_.statement.bind_clean_up();
    kept_.in_use = false;
}

// Not SOCI's begin(): that one is deferred, whatever is meant.
Transaction::Transaction(Store& store, Mode mode) : store_(store) {
    const bool sqlite = store.kind() == Store::Kind::sqlite;
    if (mode == Mode::read) {
        // At PostgreSQL's default a second statement would see a later roster than the first.
        store_.run(sqlite ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        return;
    }
    // Whatever the database's default is: what is read behind the lock must be what the writer
    // before has committed.
    store_.run(sqlite ? "BEGIN IMMEDIATE" : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    if (!sqlite) store_.run(writers_lock);
}

Transaction::~Transaction() {
    try {
        roll_back();
    } catch (const soci::soci_error&) {
        // The connection is broken; the database has rolled back or will when it closes.
    }
}

void Transaction::commit() {
    store_.run("COMMIT");
    open_ = false;
}

void Transaction::roll_back() {
    if (!open_) return;
    open_ = false;
    store_.run("ROLLBACK");
}

LateTransaction::LateTransaction(Store& store, std::function<bool()> is_same_state)
    : store_(store) {
    store.begin_late_ = [this, is_same_state = std::move(is_same_state)] {
        transaction_.emplace(store_, Transaction::Mode::read);
        if (!is_same_state()) throw Outdated{};
    };
}

std::int64_t now_seconds() {
    return now_in<std::chrono::seconds>();
}
std::int64_t now_milliseconds() {
    return now_in<std::chrono::milliseconds>();
}

}  // namespace together::roled
