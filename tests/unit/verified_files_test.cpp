// SPDX-License-Identifier: Apache-2.0
// A snapshot is read whole once, and again when it is another file.
#include "common/roster/verified_files.h"

#include <CppUTest/TestHarness.h>

#include <fstream>

#include "tests/unit/support/temporary_directory.h"
#include "together_refresh/update/snapshot_writer.h"

using namespace together;

TEST_GROUP(verified_files) {
    TemporaryDirectory directory;
    Config config;
    RosterContent content;
    VerifiedFiles verified;

    void setup() override {
        config.directory = directory.path();
        config.project = "proj_a";
        content.project = "proj_a";
        content.base_url = "file:///roster.json";
        RosterEntry alice;
        alice.login = "alice";
        alice.user_id = "user_alice";
        alice.role = "member";
        content.entries = {alice};
        write();
    }

    void write() {
        CHECK_TRUE(write_snapshot(RosterPaths(config), content).has_value());
    }

    Snapshot open() const {
        auto snapshot =
            Snapshot::open(RosterPaths(config).snapshot, "proj_a", "file:///roster.json");
        CHECK_TRUE(snapshot.has_value());
        return std::move(*snapshot);
    }

    bool holds() {
        return verified.holds(open());
    }

    // In the table at the file's start: neither header nor record notices.
    void damage() {
        std::fstream file(RosterPaths(config).snapshot,
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(2000);
        const char byte = static_cast<char>(file.get() ^ 1);
        file.seekp(2000);
        file.put(byte);
    }
};

TEST(verified_files, a_whole_file_is_read_once) {
    CHECK_TRUE(holds());
    const auto snapshot = open();
    CHECK_EQUAL(0, ::truncate(RosterPaths(config).snapshot.c_str(), 100));
    CHECK_FALSE(snapshot.verify_whole());
    CHECK_TRUE(verified.holds(snapshot));
}

TEST(verified_files, a_damaged_file_does_not_hold) {
    damage();
    CHECK_FALSE(holds());
    CHECK_FALSE(holds());
}

TEST(verified_files, a_file_that_was_touched_is_read_again) {
    CHECK_TRUE(holds());
    damage();
    CHECK_FALSE(holds());
}

TEST(verified_files, another_file_is_read_again) {
    damage();
    CHECK_FALSE(holds());
    write();
    CHECK_TRUE(holds());
}
