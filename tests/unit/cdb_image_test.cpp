// SPDX-License-Identifier: Apache-2.0
// What we make in memory next to what libcdb reads in it.
#include "together_refresh/update/cdb_image.h"

#include <CppUTest/TestHarness.h>
#include <cdb.h>
#include <fcntl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/roster/constant_database.h"
#include "common/system/file_descriptor.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(cdb_image) {
    using Records = std::vector<std::pair<std::string, std::string>>;

    TemporaryDirectory folder;

    static CdbImage image_of(const Records& records) {
        CdbImage image;
        for (const auto& [key, value] : records) image.add(key, value);
        return image;
    }
    FileDescriptor file_of(const Records& records) {
        const auto image = image_of(records).finish();
        CHECK_TRUE(image.has_value());
        write_file(folder / "cdb", *image);
        return FileDescriptor(::open((folder / "cdb").c_str(), O_RDONLY | O_CLOEXEC));
    }
    static std::string found_by_libcdb(int file, const std::string& key) {
        cdb database{};
        CHECK_EQUAL(0, ::cdb_init(&database, file));
        std::string value = "(absent)";
        if (::cdb_find(&database, key.data(), static_cast<unsigned>(key.size())) > 0) {
            value.resize(cdb_datalen(&database));
            ::cdb_read(&database, value.data(), cdb_datalen(&database), cdb_datapos(&database));
        }
        ::cdb_free(&database);
        return value;
    }
};

TEST(cdb_image, libcdb_finds_each_of_many_and_no_other) {
    Records records;
    for (int i = 0; i < 5'000; ++i)
        records.emplace_back("l" + std::to_string(i), "value " + std::to_string(i));
    records.emplace_back("", "of nothing");
    records.emplace_back("empty", "");
    const auto file = file_of(records);
    for (const auto& [key, value] : records) TEXT_EQUAL(value, found_by_libcdb(file.get(), key));
    for (int i = 5'000; i < 10'000; ++i)
        TEXT_EQUAL("(absent)", found_by_libcdb(file.get(), "l" + std::to_string(i)));
}

TEST(cdb_image, the_first_of_two_with_one_key_is_found) {
    const auto file = file_of({{"key", "first"}, {"key", "second"}});
    TEXT_EQUAL("first", found_by_libcdb(file.get(), "key"));
}

TEST(cdb_image, its_records_stand_in_their_order_and_it_ends_with_its_tables) {
    const Records records = {{"b", "1"}, {"a", "2"}, {"c", ""}};
    const auto file = file_of(records);
    DatabaseRecords read(file.get());
    CHECK_TRUE(read.begin());
    for (const auto& [key, value] : records) {
        const auto record = read.next();
        CHECK_TRUE(record && record->key == key && record->value == value);
    }
    CHECK_TRUE(read.at_end());
    LONGS_EQUAL(read_file(folder / "cdb").size(), *length_of_database(file.get()));
}

TEST(cdb_image, without_records_has_tables_all_the_same) {
    const auto file = file_of({});
    TEXT_EQUAL("(absent)", found_by_libcdb(file.get(), "key"));
    LONGS_EQUAL(2048, *length_of_database(file.get()));
}

TEST(cdb_image, its_digest_is_that_of_all_records_in_their_order) {
    const auto digest = image_of({{"a", "1"}, {"b", "2"}}).digest();
    CHECK_TRUE(image_of({{"a", "1"}, {"b", "2"}}).digest() == digest);
    for (const auto& other : {Records{{"b", "2"}, {"a", "1"}}, Records{{"a", "1"}},
                              Records{{"a", "1"}, {"b", "3"}}, Records{{"a", "1b"}, {"", "2"}}})
        CHECK_FALSE(image_of(other).digest() == digest);
}
