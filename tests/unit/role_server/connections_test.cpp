// SPDX-License-Identifier: Apache-2.0
#include "http_server/connections.h"

#include <CppUTest/TestHarness.h>

#include <array>

using namespace together::http;

namespace {

struct FakeConnection : LiveConnection {
    bool closed = false;
    bool idle = false;
    bool slow = false;
    void close() override { closed = true; }
    bool close_if_idle() override { return closed = idle; }
    bool close_if_slow() override { return closed = slow; }
};

}  // namespace

TEST_GROUP(ConnectionsTest) {
    Connections open{{4, 3, 3}};
    FakeConnection a, b, c, d, e;

    static Connections::Address at(const char* address) {
        return boost::asio::ip::make_address(address);
    }
    bool add(FakeConnection & connection, const char* address, bool trusted = false) {
        if (!open.make_room(at(address))) return false;
        open.add(connection, at(address));
        if (trusted) open.trust(connection, true);
        return true;
    }
};

TEST(ConnectionsTest, a_trusted_proxy_brings_as_many_as_there_is_room_for) {
    Connections behind_proxy({4, 1, 1}, TrustedProxies::parse("10.0.0.1").value());
    for (auto* connection : {&a, &b, &c}) {
        CHECK_TRUE(behind_proxy.make_room(at("10.0.0.1")));
        behind_proxy.add(*connection, at("10.0.0.1"));
    }
    CHECK_FALSE(a.closed || b.closed || c.closed);
    for (auto* connection : {&d, &e}) {
        CHECK_TRUE(behind_proxy.make_room(at("10.0.0.2")));
        behind_proxy.add(*connection, at("10.0.0.2"));
    }
    CHECK_TRUE(d.closed);
}

TEST(ConnectionsTest, the_oldest_stranger_goes_where_there_is_no_room) {
    CHECK_TRUE(add(a, "10.0.0.1", true) && add(b, "10.0.0.2") && add(c, "10.0.0.3"));
    CHECK_TRUE(add(d, "10.0.0.4") && !b.closed);
    CHECK_TRUE(add(e, "10.0.0.5"));
    CHECK_TRUE(b.closed);
    CHECK_FALSE(a.closed || c.closed || d.closed || e.closed);
}

TEST(ConnectionsTest, a_node_makes_no_room) {
    for (auto* each : {&a, &b, &c}) CHECK_TRUE(add(*each, "10.0.0.1", true));
    CHECK_FALSE(add(d, "10.0.0.1"));  // has its share
    CHECK_TRUE(add(d, "10.0.0.2", true));
    CHECK_FALSE(add(e, "10.0.0.3"));
    open.remove(a);
    CHECK_TRUE(add(e, "10.0.0.1"));
}

TEST(ConnectionsTest, a_trusted_one_that_asks_nothing_goes_where_there_is_no_stranger) {
    Connections all({3, 3, 3});
    for (auto* each : {&b, &a, &c}) {
        each->idle = each != &b;
        all.add(*each, at("10.0.0.1"));
        all.trust(*each, true);
    }
    all.trust(a, true);                          // answered again
    CHECK_FALSE(all.make_room(at("10.0.0.1")));  // has its share
    CHECK_TRUE(all.make_room(at("10.0.0.2")));
    CHECK_TRUE(c.closed);
    CHECK_FALSE(a.closed || b.closed);
    all.add(d, at("10.0.0.2"));
    CHECK_TRUE(all.make_room(at("10.0.0.3")));  // the stranger first
    CHECK_TRUE(d.closed);
    CHECK_FALSE(a.closed || b.closed);
}

TEST(ConnectionsTest, a_trusted_one_that_is_slow_to_ask_goes_where_none_is_idle) {
    Connections all({3, 3, 3});
    for (auto* each : {&a, &b, &c}) {
        each->slow = each != &a;  // which waits for news
        all.add(*each, at("10.0.0.1"));
        all.trust(*each, true);
    }
    c.idle = true;
    CHECK_TRUE(all.make_room(at("10.0.0.2")));
    CHECK_TRUE(c.closed);
    all.add(d, at("10.0.0.2"));
    all.trust(d, true);
    CHECK_TRUE(all.make_room(at("10.0.0.2")));
    CHECK_TRUE(b.closed);
    CHECK_FALSE(a.closed || d.closed);
}

TEST(ConnectionsTest, of_trusted_ones_that_wait_for_news_few_are_looked_at) {
    constexpr std::size_t many = 100;
    Connections all({many, many, many});
    std::array<FakeConnection, many> waiting;
    for (auto& each : waiting) {
        all.add(each, at("10.0.0.1"));
        all.trust(each, true);
    }
    waiting.back().idle = true;
    CHECK_FALSE(all.make_room(at("10.0.0.2")));
    CHECK_FALSE(waiting.back().closed);
}

TEST(ConnectionsTest, beyond_its_share_an_address_loses_its_own) {
    CHECK_TRUE(add(a, "10.0.0.2"));
    for (auto* each : {&b, &c, &d}) CHECK_TRUE(add(*each, "10.0.0.1"));
    CHECK_TRUE(add(e, "10.0.0.1"));
    CHECK_TRUE(b.closed);
    CHECK_FALSE(a.closed);
}

TEST(ConnectionsTest, a_network_of_ipv6_is_one_address) {
    CHECK_TRUE(add(a, "2001:db8::1", true) && add(b, "2001:db8::2", true));
    CHECK_TRUE(add(c, "2001:db8::ffff:1", true));
    CHECK_FALSE(add(d, "2001:db8::3"));
    CHECK_TRUE(add(d, "2001:db8:0:1::3"));
}

TEST(ConnectionsTest, an_address_of_ipv4_in_ipv6_is_itself) {
    CHECK_TRUE(add(a, "::ffff:10.0.0.1", true) && add(b, "10.0.0.1", true));
    CHECK_TRUE(add(c, "::ffff:10.0.0.1", true));
    CHECK_FALSE(add(d, "10.0.0.1"));
    CHECK_TRUE(add(d, "::ffff:10.0.0.2"));
}

TEST(ConnectionsTest, one_that_is_removed_twice_counts_once) {
    CHECK_TRUE(add(a, "10.0.0.1"));
    open.remove(a);
    open.remove(a);
    CHECK_TRUE(open.empty());
}

TEST(ConnectionsTest, a_node_whose_key_is_revoked_is_a_stranger_of_its_old_age) {
    CHECK_TRUE(add(a, "10.0.0.1", true) && add(b, "10.0.0.2") && add(c, "10.0.0.3") &&
               add(d, "10.0.0.4"));
    open.trust(a, false);
    CHECK_TRUE(add(e, "10.0.0.5"));
    CHECK_TRUE(a.closed);
    CHECK_FALSE(b.closed);
}

TEST(ConnectionsTest, an_address_has_few_strangers_beside_its_nodes) {
    Connections few({6, 6, 2});
    const auto peer = at("10.0.0.1");
    few.add(a, peer);
    few.trust(a, true);
    few.add(b, peer);
    CHECK_TRUE(few.make_room(peer) && !b.closed);
    few.add(c, peer);
    CHECK_TRUE(few.make_room(peer));
    CHECK_TRUE(b.closed);
    CHECK_FALSE(a.closed || c.closed);
    few.add(d, peer);
    few.trust(d, true);
    CHECK_TRUE(few.make_room(peer));
    CHECK_FALSE(a.closed || c.closed || d.closed);
}
