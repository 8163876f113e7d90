// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/body_places.h"

#include <CppUTest/TestHarness.h>

#include <optional>

using namespace together::roled;

TEST_GROUP(BodyPlacesTest) {
    std::optional<BodyPlaces> places{std::in_place, 3, 2};
};

TEST(BodyPlacesTest, one_has_so_many_and_all_have_so_many) {
    auto first = places->take("ann"), second = places->take("ann");
    CHECK(first && second);
    CHECK_FALSE(places->take("ann"));
    auto third = places->take("bob");
    CHECK(third != nullptr);
    CHECK_FALSE(places->take("carol"));
    const auto copy = first;
    first.reset();
    CHECK_FALSE(places->take("carol"));
    third.reset();
    CHECK(places->take("carol") != nullptr);
    second.reset();
    CHECK(places->take("ann") != nullptr);
}

TEST(BodyPlacesTest, a_place_may_be_given_back_later_than_all_of_them) {
    auto place = places->take("ann");
    places.reset();
    place.reset();
}
