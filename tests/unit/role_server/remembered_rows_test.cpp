// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/remembered_rows.h"

#include <CppUTest/TestHarness.h>

#include <optional>
#include <string>

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
