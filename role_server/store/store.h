// SPDX-License-Identifier: Apache-2.0
// One connection to the database, SQLite or PostgreSQL, and transactions on it.
//
// SOCI throws soci::soci_error; whoever runs requests catches it once, discards the connection and
// answers 503. A Store belongs to one thread at a time.
#pragma once

#include <soci/soci.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"
#include "role_server/store/optional_column.h"
#include "role_server/store/remembered_rows.h"

namespace together::roled {

// What SOCI reads a BIGINT into.
using Number = long long;

class Store {
  public:
    enum class Kind { sqlite, postgresql };

    // `db` is the path of an SQLite file or a connection string, postgresql://…. The file
    // must exist, for create() it must not; a PostgreSQL database exists in both cases.
    static Result<std::unique_ptr<Store>> open(const std::string& db);
    static Result<std::unique_ptr<Store>> create(const std::string& db);

    // SQLite's, gone with it.
    static std::unique_ptr<Store> in_memory();

    Store(Kind kind, const std::string& connection);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    Kind kind() const { return kind_; }
    // For what is run once: each text is prepared anew.
    soci::session& sql() { return sql_; }

    // From any thread while it lives: whether its thread has waited longer for an answer, and what
    // makes that fail. A PostgreSQL server that was stopped acknowledges for ever, and answers
    // nothing.
    bool has_waited(std::chrono::milliseconds longer_than) const;
    void cut_off() const;

    // Runs `text`, which stays prepared for the next time, with soci::into() and soci::use() of
    // variables that need to live until it returns. True where there was a row: the first.
    template <class... Exchange>
    bool run(const std::string& text, const Exchange&... exchange) {
        begin_if_late();
        const Wait wait(waiting_since_);
        const Use use(kept(text), kind_);
        (use.statement().exchange(exchange), ...);
        use.statement().define_and_bind();
        return use.statement().execute(true);
    }

    // The same for all rows. `visit` must not run the same text again.
    template <class Visit, class... Exchange>
    void each(const std::string& text, const Visit& visit, const Exchange&... exchange) {
        begin_if_late();
        const Wait wait(waiting_since_);
        const Use use(kept(text), kind_);
        (use.statement().exchange(exchange), ...);
        use.statement().define_and_bind();
        for (bool row = use.statement().execute(true); row; row = use.statement().fetch()) visit();
    }

    RememberedRows& remembered() { return remembered_; }

  private:
    friend class LateTransaction;
    void begin_if_late() {
        if (begin_late_) std::exchange(begin_late_, nullptr)();
    }

    // Milliseconds of the steady clock; 0: nobody waits.
    using Since = std::atomic<std::int64_t>;
    class Wait {
      public:
        explicit Wait(Since& since) : since_(since), outer_(since.exchange(steady_now())) {}
        ~Wait() { since_ = outer_ == 0 ? 0 : steady_now(); }
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

        static std::int64_t steady_now();

      private:
        Since& since_;
        const std::int64_t outer_;  // of the statement whose rows are read
    };
    struct Kept {
        explicit Kept(soci::session& sql) : statement(sql) {}
        soci::statement statement;
        bool in_use = false;
    };
    // Leaves it without variables, and without a lock on the rows that nobody read.
    class Use {
      public:
        Use(Kept& kept, Kind kind);
        ~Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        soci::statement& statement() const { return kept_.statement; }

      private:
        Kept& kept_;
        const Kind kind_;
    };
    Kept& kept(const std::string& text);

    const Kind kind_;
    soci::session sql_;
    FileDescriptor socket_;  // a second one of PostgreSQL's: libpq closes its own at any moment
    Since waiting_since_ = 0;
    std::unordered_map<std::string, std::unique_ptr<Kept>> statements_;
    RememberedRows remembered_;
    std::function<void()> begin_late_;
};

// Rolled back unless committed: an early return never leaves half a change behind.
class Transaction {
  public:
    enum class Mode {
        read,   // one snapshot for all that the request reads
        write,  // alone: one writer at a time on both kinds of database, so that what was read to
                // allow a change still holds when it is committed
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

// For reading what is remembered: begins with the first statement that is run after all. On
// PostgreSQL a question whose rows are all remembered then takes one round trip, not three.
class LateTransaction {
  public:
    // Thrown by that statement where `is_same_state`, asked within the transaction, denies it: what
    // was used until then is of another state.
    struct Outdated {};

    LateTransaction(Store& store, std::function<bool()> is_same_state);
    ~LateTransaction() { store_.begin_late_ = nullptr; }
    LateTransaction(const LateTransaction&) = delete;
    LateTransaction& operator=(const LateTransaction&) = delete;

  private:
    Store& store_;
    std::optional<Transaction> transaction_;
};

// Whole seconds, and milliseconds, since 1970.
std::int64_t now_seconds();
std::int64_t now_milliseconds();

}  // namespace together::roled
