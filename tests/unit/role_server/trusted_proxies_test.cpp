// SPDX-License-Identifier: Apache-2.0
#include "http_server/trusted_proxies.h"

#include <CppUTest/TestHarness.h>

using namespace together::http;

namespace {

TrustedProxies trusting(const char* list) {
    return TrustedProxies::parse(list).value();
}

void is_client(const char* expected, const char* trusted, const char* peer, const char* forwarded) {
    Request request;
    if (forwarded != nullptr) request.headers.emplace_back("x-forwarded-for", forwarded);
    const auto proxies = *trusted == '\0' ? TrustedProxies() : trusting(trusted);
    const auto client = proxies.client_of(boost::asio::ip::make_address(peer), request);
    STRCMP_EQUAL(expected, client.c_str());
}

}  // namespace

TEST_GROUP(TrustedProxiesTest){};

TEST(TrustedProxiesTest, nobody_is_believed_by_default) {
    is_client("192.0.2.1", "", "192.0.2.1", "198.51.100.9");
}

TEST(TrustedProxiesTest, a_trusted_proxy_names_its_client) {
    is_client("198.51.100.9", "192.0.2.1", "192.0.2.1", "198.51.100.9");
    is_client("2001:db8::9", "::1", "::1", "2001:db8::9");
    is_client("192.0.2.1", "192.0.2.1", "192.0.2.1", nullptr);
}

TEST(TrustedProxiesTest, another_peer_is_not_believed) {
    is_client("192.0.2.2", "192.0.2.1", "192.0.2.2", "198.51.100.9");
}

TEST(TrustedProxiesTest, what_the_client_wrote_itself_stands_further_left_and_does_not_count) {
    is_client("198.51.100.9", "192.0.2.1", "192.0.2.1", "127.0.0.1, 198.51.100.9");
}

TEST(TrustedProxiesTest, through_several_proxies) {
    is_client("198.51.100.9", "192.0.2.0/24", "192.0.2.1", "6.6.6.6, 198.51.100.9,\t192.0.2.7");
    is_client("192.0.2.8", "192.0.2.0/24", "192.0.2.1", "192.0.2.8, 192.0.2.7");
}

TEST(TrustedProxiesTest, what_is_no_address_ends_the_search_at_the_proxy_that_wrote_it) {
    is_client("192.0.2.1", "192.0.2.0/24", "192.0.2.1", "unknown");
    is_client("192.0.2.7", "192.0.2.0/24", "192.0.2.1", "198.51.100.9, <x>, 192.0.2.7");
    is_client("192.0.2.1", "192.0.2.0/24", "192.0.2.1", "");
}

TEST(TrustedProxiesTest, networks_end_at_any_bit) {
    const auto proxies = trusting("10.1.128.0/17, 2001:db8:0:8::/61");
    const auto contains = [&](const char* address) {
        return proxies.contains(boost::asio::ip::make_address(address));
    };
    CHECK_TRUE(contains("10.1.128.0") && contains("10.1.255.255") && contains("2001:db8:0:f::1"));
    CHECK_FALSE(contains("10.1.127.255") || contains("10.2.128.0"));
    CHECK_FALSE(contains("2001:db8:0:7::1") || contains("2001:db8:0:10::1"));
    CHECK_TRUE(contains("::ffff:10.1.200.1"));
    CHECK_TRUE(trusting("0.0.0.0/0").contains(boost::asio::ip::make_address("203.0.113.1")));
    CHECK_FALSE(trusting("0.0.0.0/0").contains(boost::asio::ip::make_address("::1")));
}

TEST(TrustedProxiesTest, what_is_no_list_of_networks) {
    for (const auto* text : {"", "proxy", "192.0.2.1,", ",192.0.2.1", "192.0.2.0/33", "192.0.2.0/",
                             "192.0.2.0/-1", "::1/129", "192.0.2.0/8x", "192.0.2.1 192.0.2.2"})
        CHECK_FALSE_TEXT(TrustedProxies::parse(text).has_value(), text);
}
