// SPDX-License-Identifier: Apache-2.0
// Our reading of a constant database next to what libcdb wrote and would read.
#include "common/roster/constant_database.h"

#include <CppUTest/TestHarness.h>
#include <cdb.h>
#include <fcntl.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "common/system/file_descriptor.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"

using namespace together;

namespace {

std::uint32_t hash_of(const std::string& key) {
    return ::cdb_hash(key.data(), static_cast<unsigned>(key.size()));
}

}  // namespace

TEST_GROUP(constant_database) {
    TemporaryDirectory folder;
    FileDescriptor file{::open((folder / "cdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    std::array<char, 1024> buffer;

    void write(const std::vector<std::pair<std::string, std::string>>& records) const {
        CHECK_EQUAL(0, ::ftruncate(file.get(), 0));
        CHECK_EQUAL(0, ::lseek(file.get(), 0, SEEK_SET));
        cdb_make make{};
        CHECK_EQUAL(0, ::cdb_make_start(&make, file.get()));
        for (const auto& [key, value] : records)
            CHECK_EQUAL(0, ::cdb_make_add(&make, key.data(), static_cast<unsigned>(key.size()),
                                          value.data(), static_cast<unsigned>(value.size())));
        CHECK_EQUAL(0, ::cdb_make_finish(&make));
    }
    tl::expected<std::string_view, Absence> find(std::string_view key) {
        return find_in_database(file.get(), key, buffer);
    }
    void check_found(const std::string& key, const std::string& value) {
        const auto found = find(key);
        CHECK_TRUE(found.has_value());
        CHECK_EQUAL(value, std::string(*found));
    }
    void check_absent(std::string_view key, Absence absence) {
        const auto found = find(key);
        CHECK_FALSE(found.has_value());
        CHECK_TRUE(found.error() == absence);
    }
    // The numbers of a pair at an offset, written over.
    void put_pair(std::size_t offset, std::uint32_t first, std::uint32_t second) const {
        std::array<unsigned char, 8> bytes;
        ::cdb_pack(first, bytes.data());
        ::cdb_pack(second, bytes.data() + 4);
        CHECK_EQUAL(8, ::pwrite(file.get(), bytes.data(), 8, static_cast<off_t>(offset)));
    }
};

TEST(constant_database, FindsAllOfMany) {
    std::vector<std::pair<std::string, std::string>> records;
    for (int i = 0; i < 20'000; ++i)
        records.emplace_back("l" + std::to_string(i), "value " + std::to_string(i));
    write(records);
    for (const auto& [key, value] : records) check_found(key, value);
    for (int i = 20'000; i < 40'000; ++i) check_absent("l" + std::to_string(i), Absence::not_found);
}

TEST(constant_database, FindsEmptyAndBinaryKeysAndValues) {
    const std::string binary("\0\xff\0\n", 4);
    write({{"", "of nothing"}, {binary, binary}, {"empty", ""}});
    check_found("", "of nothing");
    check_found(binary, binary);
    check_found("empty", "");
}

TEST(constant_database, TheFirstOfTwoValuesCounts) {
    write({{"key", "first"}, {"key", "second"}});
    check_found("key", "first");
}

TEST(constant_database, OneHashIsNotOneKey) {
    const std::string one = "key1285194";
    const std::string other = "key6905800";
    CHECK_EQUAL(hash_of(one), hash_of(other));
    write({{one, "of one"}});
    check_absent(other, Absence::not_found);
    write({{one, "of one"}, {other, "of the other"}});
    check_found(one, "of one");
    check_found(other, "of the other");
}

// Where all records fall into one table, its end is followed by its beginning.
TEST(constant_database, ATableGoesOnAtItsBeginning) {
    std::vector<std::pair<std::string, std::string>> records;
    for (int i = 0; records.size() < 500; ++i) {
        auto key = std::to_string(i);
        if (hash_of(key) % 256 == 7) records.emplace_back(std::move(key), std::to_string(i));
    }
    write(records);
    for (const auto& [key, value] : records) check_found(key, value);
}

TEST(constant_database, NothingIsInAnEmptyOne) {
    write({});
    check_absent("key", Absence::not_found);
    DatabaseRecords records(file.get());
    CHECK_TRUE(records.begin());
    CHECK_TRUE(records.at_end());
}

TEST(constant_database, AFileThatIsTooShortIsDamaged) {
    check_absent("key", Absence::damaged);
    write({{"key", "value"}});
    for (const off_t size : {off_t{2047}, off_t{2048}, off_t{2060}}) {
        CHECK_EQUAL(0, ::ftruncate(file.get(), size));
        check_absent("key", Absence::damaged);
    }
}

TEST(constant_database, ATableWithoutAnEmptySlotEnds) {
    write({{"key", "value"}});
    const auto contents = hash_of("absent") % 256 * 8;
    // A hundred slots of other hashes.
    put_pair(contents, 4096, 100);
    for (std::size_t slot = 0; slot < 100; ++slot) put_pair(4096 + slot * 8, 1, 2048);
    check_absent("absent", Absence::not_found);
}

TEST(constant_database, LengthsThatLeaveTheBufferAreDamage) {
    write({{"key", "value"}});
    for (const std::uint32_t length : {1015U, 0x7fffffffU, 0xffffffffU}) {
        put_pair(2048, 3, length);
        check_absent("key", Absence::damaged);
    }
    put_pair(2048, 0xffffffffU, 5);
    check_absent("key", Absence::damaged);
}

// Or a bit of somebody's key would make him absent.
TEST(constant_database, ARecordWhoseKeyHasAnotherHashIsDamage) {
    write({{"key", "value"}});
    for (const std::uint32_t length : {0U, 2U, 4U}) {
        put_pair(2048, length, 5);
        check_absent("key", Absence::damaged);
    }
    put_pair(2048, 3, 5);
    CHECK_EQUAL(1, ::pwrite(file.get(), "K", 1, 2056));
    check_absent("key", Absence::damaged);
}

TEST(constant_database, ARecordWhoseKeyHasTheSameHashIsSomebodyElses) {
    std::map<std::uint32_t, std::string> keys;
    for (char first = '!'; first < '~'; ++first)
        for (char second = '!'; second < '~'; ++second) {
            const std::string key{first, second};
            const auto [other, is_new] = keys.try_emplace(hash_of(key), key);
            if (is_new) continue;
            write({{key, "value"}});
            check_absent(other->second, Absence::not_found);
            return check_found(key, "value");
        }
    FAIL("no two keys have one hash");
}

TEST(constant_database, EachBitOfATableShowsInItsDigest) {
    write({{"key", "value"}});
    const auto table = table_of("key");
    const auto digest = digest_of_table(file.get(), table);
    CHECK_TRUE(digest.has_value());
    CHECK_TRUE(digest_of_table(file.get(), (table + 1) % number_of_tables) != digest);
    // The record has 16 bytes behind the 2048 of the contents; two slots follow.
    for (const off_t place : {static_cast<off_t>(table * 8), off_t{2064}}) {
        const auto size = place < 2048 ? 8 : 16;
        for (off_t byte = place; byte < place + size; ++byte) {
            char right = 0;
            CHECK_EQUAL(1, ::pread(file.get(), &right, 1, byte));
            for (int bit = 0; bit < 8; ++bit) {
                const char wrong = static_cast<char>(right ^ (1 << bit));
                CHECK_EQUAL(1, ::pwrite(file.get(), &wrong, 1, byte));
                CHECK_TRUE(digest_of_table(file.get(), table) != digest);
            }
            CHECK_EQUAL(1, ::pwrite(file.get(), &right, 1, byte));
        }
    }
    CHECK_TRUE(digest_of_table(file.get(), table) == digest);
}

TEST(constant_database, RecordsComeInTheirOrder) {
    std::vector<std::pair<std::string, std::string>> written;
    for (int i = 0; i < 10'000; ++i) written.emplace_back("k" + std::to_string(i), "value");
    write(written);
    DatabaseRecords records(file.get());
    CHECK_TRUE(records.begin());
    for (const auto& [key, value] : written) {
        const auto record = records.next();
        CHECK_TRUE(record.has_value());
        CHECK_EQUAL(key, std::string(record->key));
        CHECK_EQUAL(value, std::string(record->value));
    }
    CHECK_TRUE(records.at_end());
}

TEST(constant_database, ARecordThatLeavesThePartOfRecordsIsDamage) {
    write({{"key", "value"}});
    put_pair(2048, 3, 6);
    DatabaseRecords records(file.get());
    CHECK_TRUE(records.begin());
    CHECK_FALSE(records.next().has_value());
    put_pair(2048, 0xffffffffU, 0xffffffffU);
    DatabaseRecords again(file.get());
    CHECK_TRUE(again.begin());
    CHECK_FALSE(again.next().has_value());
}
