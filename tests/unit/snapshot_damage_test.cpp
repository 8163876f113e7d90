// SPDX-License-Identifier: Apache-2.0
// Damage is never believed: with any bit of the file flipped, and with any part of it missing, a
// rightful login or uid is found as it is or known to be damaged; nobody is ever taken for absent
// or for somebody else.
#include <CppUTest/TestHarness.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "tests/unit/support/roster_folder.h"

using namespace together;

namespace {

using Found = tl::expected<RosterEntry, Absence>;

// What the gate would make of it.
enum class Answer { right, known_to_be_damaged, wrong };

Answer judge(const Found& found, const RosterEntry& rightful) {
    if (found) return *found == rightful ? Answer::right : Answer::wrong;
    if (found.error() == Absence::damaged) return Answer::known_to_be_damaged;
    return Answer::wrong;
}

}  // namespace

TEST_GROUP(snapshot_damage) {
    RosterFolder roster;
    FileDescriptor file;
    std::string whole;
    const std::array<RosterEntry, 3> people = {entry("alice", 10001, "admin"), entry("bob", 10002),
                                               entry_without_uid("carol")};

    void setup() override {
        roster.content.entries.assign(people.begin(), people.end());
        roster.write();
        whole = read_file(roster.path());
        file = FileDescriptor(::open(roster.path().c_str(), O_RDWR | O_CLOEXEC));
    }
    void put(std::size_t offset, char byte) const {
        CHECK_EQUAL(1, ::pwrite(file.get(), &byte, 1, static_cast<off_t>(offset)));
    }
    // True where every question about everybody has an answer that is not wrong.
    bool nobody_is_wronged() const {
        const auto snapshot = roster.open();
        if (!snapshot) return true;
        const auto& [alice, bob, carol] = people;
        return judge(snapshot->find_login("alice"), alice) != Answer::wrong &&
               judge(snapshot->find_uid(bob.uid), bob) != Answer::wrong &&
               judge(snapshot->find_login("carol"), carol) != Answer::wrong;
    }
    // A stranger is not found, whatever the tables say.
    bool nobody_else_is_found() const {
        const auto snapshot = roster.open();
        return !snapshot || (!snapshot->find_login("mallory") && !snapshot->find_uid(0));
    }
    // Listing a damaged file ends, and shows nobody whom it does not hold.
    void lists_nobody_else() const {
        const auto snapshot = roster.open();
        if (!snapshot) return;
        snapshot->for_each([&](const RosterEntry& found) {
            bool known = false;
            for (const auto& each : roster.content.entries) known = known || found == each;
            CHECK_TRUE(known);
        });
    }
};

TEST(snapshot_damage, of_any_single_bit_wrongs_nobody) {
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        const char right = whole[bit / 8];
        put(bit / 8, static_cast<char>(right ^ (1 << (bit % 8))));
        if (!nobody_is_wronged()) FAIL(("bit " + std::to_string(bit)).c_str());
        put(bit / 8, right);
    }
    CHECK_TRUE(roster.open()->verify_intact());
}

TEST(snapshot_damage, of_any_single_bit_is_seen_by_whoever_reads_the_whole) {
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += 5) {
        const char right = whole[bit / 8];
        put(bit / 8, static_cast<char>(right ^ (1 << (bit % 8))));
        const auto snapshot = roster.open();
        if (snapshot && snapshot->verify_intact()) FAIL(("bit " + std::to_string(bit)).c_str());
        if (!nobody_else_is_found()) FAIL(("bit " + std::to_string(bit)).c_str());
        lists_nobody_else();
        put(bit / 8, right);
    }
}

TEST(snapshot_damage, by_zeroes_over_any_byte_wrongs_nobody) {
    for (std::size_t offset = 0; offset < whole.size(); ++offset) {
        for (const char byte : {'\0', '\xff'}) {
            put(offset, byte);
            if (!nobody_is_wronged()) FAIL(("byte " + std::to_string(offset)).c_str());
        }
        put(offset, whole[offset]);
    }
}

TEST(snapshot_damage, by_a_zeroed_block_wrongs_nobody) {
    for (std::size_t start = 0; start < whole.size(); start += 512) {
        const auto end = std::min(start + 512, whole.size());
        for (std::size_t offset = start; offset < end; ++offset) put(offset, '\0');
        CHECK_TRUE(nobody_is_wronged());
        lists_nobody_else();
        for (std::size_t offset = start; offset < end; ++offset) put(offset, whole[offset]);
    }
}

TEST(snapshot_damage, by_any_truncation_is_refused_at_once) {
    for (std::size_t size = whole.size(); size-- > 0;) {
        CHECK_EQUAL(0, ::ftruncate(file.get(), static_cast<off_t>(size)));
        CHECK_FALSE(roster.open().has_value());
    }
}

TEST(snapshot_damage, by_bytes_at_its_end_is_refused_at_once) {
    write_file(roster.path(), whole + '\0');
    CHECK_FALSE(roster.open().has_value());
    write_file(roster.path(), whole + whole);
    CHECK_FALSE(roster.open().has_value());
}

// The file is cut while a reader has it open: no crash, and no "absent".
TEST(snapshot_damage, by_a_truncation_under_an_open_reader_wrongs_nobody) {
    const auto snapshot = roster.open();
    for (std::size_t size = whole.size(); size > 0; size -= std::min<std::size_t>(size, 13)) {
        CHECK_EQUAL(0, ::ftruncate(file.get(), static_cast<off_t>(size)));
        for (const auto& each : roster.content.entries)
            CHECK_TRUE(judge(snapshot->find_login(each.login), each) != Answer::wrong);
    }
}

// A lookup that a damaged table leads to another's record must notice.
TEST(snapshot_damage, never_gives_anothers_record) {
    const auto alice = encode_record(login_key("alice"), entry("alice", 1));
    CHECK_TRUE(decode_record(login_key("alice"), alice) == entry("alice", 1));
    CHECK_FALSE(decode_record(login_key("bob"), alice).has_value());
    CHECK_FALSE(decode_record(uid_key(1), alice).has_value());
    CHECK_FALSE(decode_record("", alice).has_value());
}

TEST(snapshot_damage, of_a_record_is_noticed_at_any_bit_and_any_length) {
    const auto key = login_key("alice");
    const auto record = encode_record(key, entry("alice", 1));
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
        auto damaged = record;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(decode_record(key, damaged).has_value());
    }
    for (std::size_t size = 0; size < record.size(); ++size)
        CHECK_FALSE(decode_record(key, std::string_view(record).substr(0, size)).has_value());
    CHECK_FALSE(decode_record(key, record + '\0').has_value());
    CHECK_FALSE(decode_record(key, std::string(100'000, '\0')).has_value());
    CHECK_FALSE(decode_record(std::string(100'000, 'k'), record).has_value());
}

// Mapped, this would end the process.
TEST(snapshot_damage, that_cuts_it_short_while_it_is_listed_ends_the_list) {
    roster.content.entries.clear();
    for (uid_t uid = 20000; uid < 24000; ++uid)
        roster.content.entries.push_back(entry("user" + std::to_string(uid), uid));
    roster.write();
    const auto snapshot = roster.open();
    std::size_t seen = 0;
    CHECK_FALSE(snapshot->for_each([&](const RosterEntry&) {
        if (seen++ == 0) std::filesystem::resize_file(roster.path(), 4096);
    }));
    CHECK_TRUE(seen > 0 && seen < 4000);
    CHECK_FALSE(snapshot->verify_intact());
}
