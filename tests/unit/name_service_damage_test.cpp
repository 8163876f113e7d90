// SPDX-License-Identifier: Apache-2.0
// A damaged accounts.v1: each answer is the right one or none.
#include <CppUTest/TestHarness.h>

#include <functional>
#include <random>

#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/name_service.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(name_service_damage) {
    NameService names;
    std::vector<std::function<std::string()>> questions;
    std::vector<std::string> answers;
    std::string intact;
    FileDescriptor file;

    void setup() override {
        Accounts accounts;
        accounts.accounts = {{"alice", "user_1", 10001, {20000, 20001}, false},
                             {"local", "user_3", 10003, {20000}, true}};
        accounts.removed = {{"carol", "user_4", 10004, {}, true}};
        accounts.groups = {{"p-lab", 20000, {"alice", "local"}}};
        names.write(accounts);
        intact = read_file(names.path());
        file = FileDescriptor(::open(names.path().c_str(), O_WRONLY | O_CLOEXEC));
        for (const std::string name : {"alice", "carol", "local", "mallory", "p-lab"}) {
            ask([=, this] { return names.user(name); });
            ask([=, this] { return names.group(name); });
            ask([=, this] { return names.groups_of(name); });
        }
        for (const uid_t id : {10001U, 10004U, 20000U}) {
            ask([=, this] { return names.user(id); });
            ask([=, this] { return names.group(id); });
        }
    }
    void ask(const std::function<std::string()>& question) {
        questions.push_back(question);
        answers.push_back(question());
    }

    std::size_t right = 0;
    std::size_t absent = 0;
    std::size_t wrong = 0;
    void judge() {
        for (std::size_t i = 0; i < questions.size(); ++i) {
            const auto answer = questions[i]();
            if (answer == answers[i])
                ++right;
            else if (answer == "absent")
                ++absent;
            else if (answer != "unavailable 5")
                ++wrong;
        }
    }
    void change_byte(std::size_t at, int bits) const {
        const char byte = static_cast<char>(intact[at] ^ bits);
        CHECK_TRUE(write_full_at(file.get(), &byte, 1, static_cast<off_t>(at)));
    }
    void nothing_is_wrong() const {
        LONGS_EQUAL(0, wrong);
        LONGS_EQUAL(0, absent);
    }
};

TEST(name_service_damage, of_any_one_bit_leads_to_no_wrong_answer) {
    for (std::size_t byte = 0; byte < intact.size(); ++byte) {
        for (int bit = 0; bit < 8; ++bit) {
            change_byte(byte, 1 << bit);
            judge();
        }
        change_byte(byte, 0);
    }
    nothing_is_wrong();
    CHECK_TRUE(right > intact.size() * 8 * questions.size() / 2);
}

TEST(name_service_damage, at_any_length_leads_to_no_wrong_answer) {
    for (std::size_t length = intact.size(); length-- > 0;) {
        LONGS_EQUAL(0, ::ftruncate(file.get(), static_cast<off_t>(length)));
        judge();
    }
    nothing_is_wrong();
}

// Where more than a bit is changed, somebody may be taken for absent.
TEST(name_service_damage, of_blocks_leads_to_nothing_of_another) {
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        auto damaged = intact;
        const auto size = 1 + random() % 64;
        const auto to = random() % (damaged.size() - size);
        damaged.replace(to, size, intact, random() % (damaged.size() - size), size);
        CHECK_TRUE(write_full_at(file.get(), damaged.data(), damaged.size(), 0));
        judge();
    }
    LONGS_EQUAL(0, wrong);
    CHECK_TRUE(absent < right / 100);
}
