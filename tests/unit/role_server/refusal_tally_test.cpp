// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/refusal_tally.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

using namespace together::roled;

struct RefusalTallyGroup : Utest {
    RefusalTally tally{3};

    static AuditRecord by(const std::string& key_id, const std::string& action = "ssh.login") {
        AuditRecord record;
        record.author.key_id = key_id;
        record.action = action;
        return record;
    }
    void refuse(int times, const std::string& key_id, const std::string& code = "forbidden") {
        for (int i = 0; i < times; ++i) tally.refused(by(key_id), code);
    }
    void takes(std::vector<std::int64_t> counts, std::int64_t now, bool all = false) {
        std::vector<std::int64_t> found;
        for (const auto& record : tally.take(now, all)) found.push_back(record.count);
        CHECK(found == counts);
    }
};

TEST_GROUP_BASE(RefusalTallyTest, RefusalTallyGroup){};

TEST(RefusalTallyTest, the_first_one_is_written_at_once) {
    refuse(1, "key_a");
    takes({1}, 1000);
}

TEST(RefusalTallyTest, those_that_are_alike_are_one_record_a_minute_with_their_number) {
    refuse(1, "key_a");
    takes({1}, 1000);
    refuse(1204, "key_a");
    takes({}, 1059);
    takes({1204}, 1060);
    takes({}, 1060);
}

TEST(RefusalTallyTest, keys_actions_and_reasons_are_apart) {
    refuse(1, "key_a");
    refuse(1, "key_b");
    refuse(1, "key_a", "not_found");
    takes({1, 1, 1}, 1000);
}

TEST(RefusalTallyTest, organizations_are_apart) {
    auto record = by("key_a");
    for (const auto* organization : {"org_a", "org_b", "org_b"}) {
        record.organization_id = organization;
        tally.refused(record, "forbidden");
    }
    const auto records = tally.take(1000);
    LONGS_EQUAL(2, records.size());
    STRCMP_EQUAL("org_b", records.back().organization_id.c_str());
    LONGS_EQUAL(2, records.back().count);
}

TEST(RefusalTallyTest, more_kinds_than_can_be_kept_are_counted) {
    for (const auto* key : {"a", "b", "c", "d", "e"}) refuse(1, key);
    takes({1, 1, 1}, 1000);
    LONGS_EQUAL(2, tally.dropped());
}

TEST(RefusalTallyTest, a_kind_that_is_quiet_makes_room) {
    for (const auto* key : {"a", "b", "c"}) refuse(1, key);
    takes({1, 1, 1}, 1000);
    takes({}, 1060);
    refuse(1, "d");
    takes({1}, 1061);
    LONGS_EQUAL(0, tally.dropped());
}

TEST(RefusalTallyTest, at_the_end_all_is_written) {
    refuse(1, "key_a");
    takes({1}, 1000);
    refuse(5, "key_a");
    takes({5}, 1001, true);
}

TEST(RefusalTallyTest, a_wrong_secret_is_nobodys_act) {
    takes({}, 1000);
    for (int i = 0; i < 19; ++i) tally.wrong_secret("key_a", "192.0.2.1");
    takes({}, 1060);
}

TEST(RefusalTallyTest, many_wrong_secrets_for_one_key_are_one_record_without_an_actor) {
    takes({}, 1000);
    for (int i = 0; i < 20; ++i) tally.wrong_secret("key_a", "192.0.2.1");
    takes({}, 1059);
    const auto records = tally.take(1060);
    LONGS_EQUAL(1, records.size());
    LONGS_EQUAL(20, records.front().count);
    STRCMP_EQUAL("probed", records.front().action.c_str());
    STRCMP_EQUAL("key_a", records.front().target.c_str());
    STRCMP_EQUAL("", records.front().author.actor.c_str());
    STRCMP_EQUAL("192.0.2.1", records.front().author.address.c_str());
}
