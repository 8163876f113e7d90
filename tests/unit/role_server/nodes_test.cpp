// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/nodes.h"

#include <CppUTest/TestHarness.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstdint>
#include <string>

#include "role_server/model/known_nodes.h"
#include "role_server/store/schema.h"
#include "role_server/store/store.h"

#if __has_include(<soci/std-optional.h>)
// SOCI 4.1 no longer shows what it links.
namespace sqlite_api {
extern "C" int sqlite3_trace_v2(sqlite3* connection, unsigned mask,
                                int (*callback)(unsigned, void*, void*, void*), void* context);
}
#endif

using namespace together::roled;

namespace {

constexpr unsigned trace_statements = 1;  // SQLITE_TRACE_STMT

constexpr std::int64_t start = 1'700'000'000'000;
constexpr std::int64_t day = std::int64_t{24} * 3600 * 1000;

NodeReport named(const std::string& name) {
    return {name, "0.1.0", "enforce"};
}

}  // namespace

struct NodesGroup : Utest {
    Nodes nodes{4};
    std::int64_t now = start;

    bool seen(const std::string& name, std::optional<std::int64_t> holds = {},
              const std::string& key = "key_a") {
        return nodes.seen({"org_a", "proj_a", key, holds}, named(name), now);
    }
    NodesPage page(std::int64_t revision, std::size_t limit = 100, const std::string& after = {}) {
        return nodes.page("proj_a", revision, {limit, after}, now);
    }
    std::string names(std::int64_t revision, std::size_t limit = 100,
                      const std::string& after = {}) {
        std::string text;
        for (const auto& row : page(revision, limit, after).rows) text += row.name + " ";
        return text;
    }
};

TEST_GROUP_BASE(NodesTest, NodesGroup){};

TEST(NodesTest, a_report_has_a_name_a_version_and_a_mode) {
    const auto report = read_node_report("name=gpu-17.rack; version=0.1.0+git~1; mode=lockdown");
    STRCMP_EQUAL("gpu-17.rack", report->name.c_str());
    STRCMP_EQUAL("0.1.0+git~1", report->version.c_str());
    STRCMP_EQUAL("lockdown", report->mode.c_str());
    CHECK(read_node_report("mode=observe;name=a;version=1;colour=red").has_value());
    for (const auto& text :
         {std::string(), std::string("name=a; version=1"), std::string("version=1; mode=enforce"),
          std::string("name=a; version=1; mode=none"),
          std::string("name=a b; version=1; mode=enforce"),
          std::string("name=\x1b[31m; version=1; mode=enforce"),
          std::string("name=a, name=b; version=1; mode=enforce"),
          "name=" + std::string(254, 'a') + "; version=1; mode=enforce",
          "name=a; version=" + std::string(65, '1') + "; mode=enforce"})
        CHECK_FALSE(read_node_report(text).has_value());
}

TEST(NodesTest, those_that_wait_come_first_and_pages_go_on_where_the_last_one_ended) {
    seen("c", 7);
    seen("a", 8);
    seen("d");
    seen("b", 9);
    STRCMP_EQUAL("c d a b ", names(8).c_str());
    LONGS_EQUAL(2, page(8).confirmed);
    LONGS_EQUAL(2, page(8).waiting);
    std::string all, after;
    for (int i = 0; i < 4; ++i) {
        const auto row = page(8, 1, after).rows.front();
        all += row.name + " ";
        after = Nodes::cursor_of(row, 8);
    }
    STRCMP_EQUAL("c d a b ", all.c_str());
    STRCMP_EQUAL("", names(8, 1, after).c_str());
}

TEST(NodesTest, only_a_change_of_what_is_held_is_progress) {
    seen("a", 7);
    const auto before = nodes.progress_of("proj_a");
    seen("a", 7);
    LONGS_EQUAL(before, nodes.progress_of("proj_a"));
    seen("a", 8);
    CHECK(nodes.progress_of("proj_a") > before);
    LONGS_EQUAL(0, nodes.progress_of("proj_b"));
}

TEST(NodesTest, one_whose_request_is_held_is_seen_now) {
    seen("a", 7);
    const auto held = nodes.hold("proj_a", "a");
    now += 50'000;
    LONGS_EQUAL(now, page(7).rows.front().node.last_seen);
    POINTERS_EQUAL(nullptr, nodes.hold("proj_a", "b").get());
}

TEST(NodesTest, who_makes_names_up_pushes_out_only_their_own_and_nobody_who_waits) {
    seen("real", 7, "key_of_real");
    seen("held", 7, "key_forged");
    const auto held = nodes.hold("proj_a", "held");
    seen("x1", 7, "key_forged");
    seen("x2", 7, "key_forged");
    CHECK_FALSE(seen("x3", 7, "key_forged"));
    for (int i = 3; i < 50; ++i) {
        now += 100'000;
        CHECK(seen("x" + std::to_string(i), 7, "key_forged"));
    }
    STRCMP_EQUAL("held real x48 x49 ", names(7).c_str());
}

TEST(NodesTest, those_that_hold_different_revisions_are_in_one_order_and_counted_together) {
    for (const auto& [name, holds] : {std::pair("c", 7), {"a", 6}, {"d", 7}, {"b", 5}})
        seen(name, holds);
    STRCMP_EQUAL("a b c d ", names(8).c_str());
    STRCMP_EQUAL("b a c d ", names(6).c_str());
    STRCMP_EQUAL("d ", names(8, 100, "0-c").c_str());
    STRCMP_EQUAL("c d ", names(6, 100, "1-a").c_str());
    seen("c", 8);
    seen("a");
    STRCMP_EQUAL("a b d c ", names(8).c_str());
    LONGS_EQUAL(1, page(8).confirmed);
    LONGS_EQUAL(3, page(8).waiting);
}

TEST(NodesTest, nobody_fills_the_memory_with_names_in_many_projects) {
    Nodes few{4, 6};
    const auto seen_in = [&](const std::string& project, const std::string& name) {
        ++now;
        return few.seen({"org_a", project, "key_of_" + project, 7}, named(name), now);
    };
    const auto count = [&](const std::string& project) {
        return few.page(project, 7, {100, {}}, now).confirmed;
    };
    for (const auto* name : {"a1", "a2", "a3", "a4"}) CHECK(seen_in("proj_a", name));
    const auto held = few.hold("proj_a", "a1");
    for (const auto* name : {"b1", "b2"}) CHECK(seen_in("proj_b", name));
    now += 10'000;
    CHECK(seen_in("proj_c", "c1"));
    CHECK_FALSE(seen_in("proj_b", "b3"));  // has its share
    CHECK_FALSE(seen_in("proj_c", "c2"));  // within the second
    now += 10'000;
    CHECK(seen_in("proj_c", "c2"));
    LONGS_EQUAL(2, count("proj_a"));
    LONGS_EQUAL(2, count("proj_b"));
    LONGS_EQUAL(2, count("proj_c"));
    STRCMP_EQUAL("a1", few.page("proj_a", 7, {100, {}}, now).rows.front().name.c_str());
}

TEST(NodesTest, an_organization_has_no_larger_share_for_having_more_projects) {
    Nodes few{4, 6};
    const auto seen_in = [&](const std::string& organization, const std::string& project,
                             const std::string& name) {
        now += 10'000;
        return few.seen({organization, project, "key_of_" + project, 7}, named(name), now);
    };
    for (const auto* name : {"a1", "a2"}) CHECK(seen_in("org_a", "proj_a", name));
    for (const auto* project : {"proj_b", "proj_c", "proj_d", "proj_e"})
        CHECK(seen_in("org_b", project, "b"));
    CHECK(seen_in("org_a", "proj_a", "a3"));
    CHECK_FALSE(seen_in("org_b", "proj_f", "b"));
    LONGS_EQUAL(3, few.page("proj_a", 7, {100, {}}, now).confirmed);
}

TEST(NodesTest, who_has_been_silent_for_30_days_is_forgotten) {
    seen("a", 7);
    nodes.take(now, true);
    now += 29 * day;
    seen("b", 7);
    now += 2 * day;
    const auto changes = nodes.take(now, true);
    STRCMP_EQUAL("b ", names(7).c_str());
    LONGS_EQUAL(1, changes.gone.size());
    STRCMP_EQUAL("a", changes.gone.front().second.c_str());
}

TEST(NodesTest, a_flood_of_names_is_written_in_parts_between_which_others_write) {
    Nodes many{10'000};
    for (int i = 0; i < 5'000; ++i)
        many.seen({"org_a", "proj_a", "key_a", 7}, named("n" + std::to_string(i)), now);
    now += 1'000;
    for (const auto part : {2'000, 2'000, 1'000})
        LONGS_EQUAL(part, many.take(now, false).rows.size());
    CHECK(many.take(now, false).empty());
}

TEST(NodesTest, changes_are_written_together_once_no_other_comes) {
    seen("a", 7);
    CHECK(nodes.take(now + 100, false).empty());
    now += 200;
    seen("b", 7);
    CHECK(nodes.take(now + 200, false).empty());
    LONGS_EQUAL(2, nodes.take(now + 300, false).rows.size());
    CHECK(nodes.take(now + 9999, false).empty());
    now += 10'000;
    seen("a", 7);
    CHECK(nodes.take(now + 60'000, false).empty());
    now += 300'000;
    seen("a", 7);
    CHECK(nodes.take(now + 1'000, false).empty());
    LONGS_EQUAL(1, nodes.take(now + 30'000, false).rows.size());
}

struct StoredNodesGroup : Utest {
    std::unique_ptr<Store> store = Store::in_memory();
    std::vector<std::string> statements;

    void setup() override { CHECK(migrate(*store).has_value()); }
    void count_statements() {
        auto* backend = static_cast<soci::sqlite3_session_backend*>(store->sql().get_backend());
        sqlite_api::sqlite3_trace_v2(
            backend->conn_, trace_statements,
            [](unsigned, void* context, void*, void* text) {
                static_cast<std::vector<std::string>*>(context)->emplace_back(
                    static_cast<const char*>(text));
                return 0;
            },
            &statements);
    }
    void write(KnownNodes& nodes, std::int64_t now) {
        Transaction transaction(*store, Transaction::Mode::write);
        const auto written = nodes.write(*store, nodes.in_memory().take(now, true), now);
        transaction.commit();
        nodes.written(written);
    }
};

TEST_GROUP_BASE(StoredNodesTest, StoredNodesGroup){};

TEST(StoredNodesTest, ten_thousand_nodes_are_one_statement) {
    KnownNodes nodes;
    for (int i = 0; i < 10'000; ++i)
        nodes.in_memory().seen({"org_a", "proj_a", "key_a", 7}, named("n" + std::to_string(i)),
                               start);
    count_statements();
    write(nodes, start);
    std::size_t changing = 0;
    for (const auto& text : statements)
        if (text.starts_with("INSERT") || text.starts_with("DELETE") || text.starts_with("UPDATE"))
            ++changing;
    LONGS_EQUAL(1, changing);
    Number count = 0;
    store->run("SELECT COUNT(*) FROM nodes", soci::into(count));
    LONGS_EQUAL(10'000, count);
}

TEST(StoredNodesTest, replicas_and_those_that_come_after_know_what_one_wrote) {
    KnownNodes a, b;
    a.in_memory().seen({"org_a", "proj_a", "key_a", 7}, named("one"), start);
    a.in_memory().seen({"org_a", "proj_a", "key_a", {}}, named("none"), start);
    write(a, start);
    b.in_memory().seen({"org_a", "proj_a", "key_a", 8}, named("one"), start + 1);
    b.read_new(*store, start + 1);
    LONGS_EQUAL(1, b.in_memory().page("proj_a", 8, {}, start).confirmed);
    LONGS_EQUAL(1, b.in_memory().page("proj_a", 8, {}, start).waiting);
    write(b, start + 1);
    a.read_new(*store, start + 2);
    LONGS_EQUAL(1, a.in_memory().page("proj_a", 8, {}, start).confirmed);
    // An older word, written later, changes nothing.
    a.in_memory().seen({"org_a", "proj_b", "key_a", 7}, named("other"), start + 2);
    write(a, start + 2);
    KnownNodes after;
    after.read_new(*store, start + 3);
    LONGS_EQUAL(1, after.in_memory().page("proj_a", 8, {}, start).confirmed);
    STRCMP_EQUAL("other", after.in_memory().page("proj_b", 8, {}, start).rows.front().name.c_str());
}
