// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/last_seen.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>
#include <string>

using namespace together::roled;

namespace {

constexpr std::int64_t start = 1'700'000'000'000;

SeenPerson person(const std::string& user_id, std::int64_t seen_at,
                  const std::string& door = "ssh") {
    return {"proj_a", user_id, {seen_at, door, "gpu1"}};
}

}  // namespace

TEST_GROUP(LastSeenTest) {
    SeenPeople people;
};

TEST(LastSeenTest, what_many_nodes_tell_is_written_at_once_and_of_each_person_the_newest) {
    people.add(person("user_a", 5), start);
    people.add(person("user_a", 7, "sudo"), start + 100);
    people.add(person("user_a", 6), start + 200);
    people.add(person("user_b", 1), start + 1'900);
    CHECK(people.take(start + 1'999, false).empty());
    const auto taken = people.take(start + 2'000, false);
    LONGS_EQUAL(2, taken.size());
    LONGS_EQUAL(7, taken[0].last.seen_at);
    STRCMP_EQUAL("sudo", taken[0].last.door.c_str());
    STRCMP_EQUAL("user_b", taken[1].user_id.c_str());
    CHECK(people.take(start + 9'000, true).empty());
}

TEST(LastSeenTest, somebody_is_told_of_in_each_project_by_itself) {
    people.add(person("user_a", 5), start);
    people.add({"proj_b", "user_a", {6, "ssh", {}}}, start);
    LONGS_EQUAL(2, people.take(start, true).size());
}

TEST(LastSeenTest,
     nothing_waits_for_ever_where_the_clock_was_set_back_and_all_is_written_at_the_end) {
    people.add(person("user_a", 5), start);
    LONGS_EQUAL(1, people.take(start - 1, false).size());
    people.add(person("user_a", 6), start);
    LONGS_EQUAL(1, people.take(start, true).size());
}
