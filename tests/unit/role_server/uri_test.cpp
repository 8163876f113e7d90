// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/uri.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;

struct UritestGroup : Utest {
    static std::string code(const char* target) {
        const auto uri = parse_uri(target);
        return uri ? "" : uri.error().code;
    }
    static std::string limit_code(const char* query) {
        const auto page = page_of(*parse_uri(std::string("/x?") + query));
        return page ? std::to_string(page->limit) : page.error().code;
    }
};

TEST_GROUP_BASE(UriTest, UritestGroup){};

TEST(UriTest, a_path_is_its_segments) {
    const auto uri = parse_uri("/v1/projects/proj_1-x");
    CHECK(uri->segments == (std::vector<std::string>{"v1", "projects", "proj_1-x"}));
    CHECK(uri->query.empty());
}

TEST(UriTest, odd_paths_are_not_found) {
    for (const auto* odd : {"", "v1", "/", "//", "/v1/", "/v1//x", "/v1/%41", "/v1/a;b", "/v1/a b",
                            "http://x/v1", "*"})
        STRCMP_EQUAL("not_found", code(odd).c_str());
}

TEST(UriTest, parameters_are_decoded_and_come_once) {
    const auto uri = parse_uri("/x?a=1&b=%2f+c&d");
    STRCMP_EQUAL("1", parameter(*uri, "a")->c_str());
    STRCMP_EQUAL("/ c", parameter(*uri, "b")->c_str());
    STRCMP_EQUAL("", parameter(*uri, "d")->c_str());
    CHECK_FALSE(parameter(*uri, "e").has_value());
    STRCMP_EQUAL("duplicate_parameter", code("/x?a=1&a=1").c_str());
    for (const auto* bad : {"/x?a=%", "/x?a=%4", "/x?a=%zz", "/x?%=1"})
        STRCMP_EQUAL("invalid_query", code(bad).c_str());
}

TEST(UriTest, the_limit_of_a_page) {
    STRCMP_EQUAL("100", limit_code("after=x").c_str());
    STRCMP_EQUAL("1", limit_code("limit=1").c_str());
    STRCMP_EQUAL("1000", limit_code("limit=1000").c_str());
    for (const auto* bad : {"limit=", "limit=0", "limit=1001", "limit=-1", "limit=1x",
                            "limit=99999999999999999999999"})
        STRCMP_EQUAL("invalid_limit", limit_code(bad).c_str());
}
