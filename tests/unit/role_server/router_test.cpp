// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/router.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;

TEST_GROUP(RouterTest){};

TEST(RouterTest, what_changes_waits_with_changes_and_what_reads_does_not) {
    for (const auto& route : routes())
        CHECK_EQUAL(route.change != nullptr, route.work == Work::change);
}

TEST(RouterTest, probes_are_the_ones_without_a_key) {
    for (const auto& route : routes()) {
        CHECK_EQUAL(route.access == Access::alive, route.work == Work::liveness);
        CHECK_EQUAL(route.access == Access::anybody, route.work == Work::probe);
    }
}

TEST(RouterTest, a_long_body_is_for_many_questions) {
    CHECK(takes_long_body("POST", "/access/v1/evaluations"));
    CHECK(takes_long_body("POST", "/v1/authorize"));
    for (const auto& route : routes())
        CHECK(!route.takes_long_body || (route.method == "POST" && route.work == Work::question));
    CHECK_FALSE(takes_long_body("POST", "/access/v1/evaluation"));
    CHECK_FALSE(takes_long_body("GET", "/v1/authorize"));
    CHECK_FALSE(takes_long_body("POST", "/none"));
}

TEST(RouterTest, the_work_is_told_by_method_and_path_alone) {
    CHECK(work_of("GET", "/healthz") == Work::liveness);
    CHECK(work_of("GET", "/readyz") == Work::probe);
    CHECK(work_of("GET", "/readyz?x=%zz") == Work::probe);
    CHECK(work_of("GET", "/v1/projects/proj_1/collaborators?limit=1000") == Work::read);
    CHECK(work_of("POST", "/v1/projects/proj_1/collaborators") == Work::change);
    CHECK(work_of("DELETE", "/v1/projects/proj_1/collaborators/user_1") == Work::change);
}

TEST(RouterTest, a_request_that_no_route_takes_is_told_so_among_the_reads) {
    for (const char* target :
         {"", "/", "*", "/readyz/", "/readyz/x", "//readyz", "readyz", "xreadyz", "/v1"})
        CHECK(work_of("GET", target) == Work::read);
    CHECK(work_of("POST", "/readyz") == Work::read);
}
