// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/remembered_rows.h"

#include <CppUTest/TestHarness.h>

#include <memory>
#include <optional>
#include <string>

#include "role_server/store/store.h"

using namespace together::roled;

TEST_GROUP(RememberedRowsTest) {
    RememberedRows rows;
    int loaded = 0;

    int get(const char* key = "a") {
        return rows.get(key, [this] { return ++loaded; });
    }
};

TEST(RememberedRowsTest, nothing_is_remembered_unless_the_trails_end_is_known) {
    LONGS_EQUAL(1, get());
    LONGS_EQUAL(2, get());
    const RememberedRows::Use use(rows, 7);
    LONGS_EQUAL(3, get());
}

TEST(RememberedRowsTest, while_the_trail_ends_where_it_did_a_row_is_loaded_once) {
    for (int i = 0; i < 2; ++i) {
        const RememberedRows::Use use(rows, 7);
        LONGS_EQUAL(1, get());
        LONGS_EQUAL(1, get());
    }
}

TEST(RememberedRowsTest, each_key_has_a_row_of_its_own) {
    const RememberedRows::Use use(rows, 7);
    LONGS_EQUAL(1, get("a"));
    LONGS_EQUAL(2, get("b"));
    LONGS_EQUAL(1, get("a"));
}

TEST(RememberedRowsTest, another_end_forgets_all_also_one_that_was_before) {
    for (const int end : {7, 8, 7}) {
        const RememberedRows::Use use(rows, end);
        get();
    }
    LONGS_EQUAL(3, loaded);
}

TEST(RememberedRowsTest, a_change_that_follows_reads_anew) {
    {
        const RememberedRows::Use use(rows, 7);
        get();
    }
    LONGS_EQUAL(2, get());
}

TEST(RememberedRowsTest, that_there_is_none_is_remembered_too) {
    const RememberedRows::Use use(rows, 7);
    const auto none = [this]() -> std::optional<int> {
        ++loaded;
        return std::nullopt;
    };
    CHECK_FALSE(rows.get("none", none).has_value());
    CHECK_FALSE(rows.get("none", none).has_value());
    LONGS_EQUAL(1, loaded);
}

TEST(RememberedRowsTest, not_without_bounds) {
    const RememberedRows::Use use(rows, 7);
    get("first");
    for (int i = 0; i < 60'000; ++i) get(std::to_string(i).c_str());
    LONGS_EQUAL(60'002, get("first"));
}

TEST(RememberedRowsTest, a_key_that_can_be_no_id_takes_no_room) {
    const RememberedRows::Use use(rows, 7);
    const std::string key(60'000, 'a');
    get(key.c_str());
    LONGS_EQUAL(2, get(key.c_str()));
}

// --- a transaction that begins with the first statement
// -------------------------------------------

TEST_GROUP(LateTransactionTest) {
    std::unique_ptr<Store> store = Store::in_memory();
    int asked = 0;

    void read_one() {
        store->run("SELECT 1");
    }
    // An SQLite session begins no transaction within another.
    bool has_begun() {
        try {
            const Transaction other(*store, Transaction::Mode::read);
            return false;
        } catch (const soci::soci_error&) {
            return true;
        }
    }
};

TEST(LateTransactionTest, none_begins_where_nothing_is_run) {
    {
        const LateTransaction late(*store, [this] { return ++asked > 0; });
    }
    read_one();
    LONGS_EQUAL(0, asked);
    CHECK_FALSE(has_begun());
}

TEST(LateTransactionTest, all_that_is_run_is_in_one_and_its_state_is_asked_once) {
    {
        const LateTransaction late(*store, [this] { return ++asked > 0; });
        read_one();
        read_one();
        LONGS_EQUAL(1, asked);
        CHECK(has_begun());
    }
    CHECK_FALSE(has_begun());
}

TEST(LateTransactionTest, of_another_state_nothing_is_read) {
    const auto outdated = [this] {
        const LateTransaction late(*store, [] { return false; });
        read_one();
    };
    CHECK_THROWS(LateTransaction::Outdated, outdated());
    CHECK_FALSE(has_begun());
}
