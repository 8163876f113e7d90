// SPDX-License-Identifier: Apache-2.0
// What a request lacks on this node: what the kernel's own counters say.
#include <CppUTest/TestHarness.h>
#include <sys/resource.h>

#include <cerrno>

#include "http_client/node_fault.h"
#include "tests/unit/support/processes.h"

using namespace together;

TEST_GROUP(node_fault) {
    const char* const sockets =
        "sockets: used 307\n"
        "TCP: inuse 12 orphan 0 tw 4 alloc 30 mem 950\n"
        "UDP: inuse 5 mem 80\n"
        "UDPLITE: inuse 0\n"
        "RAW: inuse 0\n"
        "FRAG: inuse 0 memory 0\n";
};

TEST(node_fault, is_the_networks_memory_that_is_nearly_all_in_use) {
    CHECK_TRUE(is_nearly_all(sockets, "TCP", "100\t200\t1000\n"));
    CHECK_TRUE(is_nearly_all(sockets, "TCP", "100\t200\t950\n"));
    CHECK_FALSE(is_nearly_all(sockets, "TCP", "100\t200\t1100\n"));
    CHECK_TRUE(is_nearly_all(sockets, "UDP", "20\t40\t80\n"));
    CHECK_FALSE(is_nearly_all(sockets, "UDP", "20\t40\t90\n"));
}

TEST(node_fault, is_a_table_of_connections_that_is_nearly_full) {
    CHECK_TRUE(is_nearly_all("262144\n", "", "262144\n"));
    CHECK_TRUE(is_nearly_all("250000\n", "", "262144\n"));
    CHECK_FALSE(is_nearly_all("1000\n", "", "262144\n"));
}

TEST(node_fault, is_nothing_that_the_kernel_does_not_say) {
    CHECK_FALSE(is_nearly_all("", "TCP", "100\t200\t1000\n"));
    CHECK_FALSE(is_nearly_all(sockets, "TCP", ""));
    CHECK_FALSE(is_nearly_all(sockets, "TCP", "none\n"));
    CHECK_FALSE(is_nearly_all(sockets, "SCTP", "0\n"));
    CHECK_FALSE(is_nearly_all("", "", ""));
}

TEST(node_fault, is_not_there_on_a_node_that_has_all) {
    CHECK_FALSE(what_is_used_up().has_value());
    CHECK_TRUE(is_of_this_node(ENFILE) && is_of_this_node(EADDRNOTAVAIL));
    CHECK_FALSE(is_of_this_node(ECONNREFUSED) || is_of_this_node(0));
}

TEST(node_fault, is_a_want_of_descriptors) {
    CHECK_TRUE(holds_in_a_child([&] {
        const rlimit few{8, 8};
        return ::setrlimit(RLIMIT_NOFILE, &few) == 0 && what_is_used_up().has_value();
    }));
}
