// The snapshot: what the writer writes, the reader reads, and damage is never believed.
#include <CppUTest/TestHarness.h>

#include "snapshot_writer.h"
#include "support/temporary_directory.h"

using namespace together;

namespace {

RosterEntry entry(const std::string& login, uid_t uid, const std::string& role = "member") {
    RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = role;
    result.uid = uid;
    result.uid_source = UidSource::authority;
    return result;
}

}  // namespace

TEST_GROUP(snapshot) {
    TemporaryDirectory directory;
    Config config;
    RosterContent content;

    void setup() override {
        config.directory = directory.path();
        config.project = "proj_a";
        content.project = "proj_a";
        content.base_url = "file:///roster.json";
        content.revision = 7;
        content.entries = {entry("alice", 10001, "admin"), entry("bob", 10002)};
    }

    Snapshot written() {
        const auto digest = write_snapshot(RosterPaths(config), content);
        CHECK_TRUE(digest.has_value());
        auto snapshot =
            Snapshot::open(RosterPaths(config).snapshot, "proj_a", "file:///roster.json");
        if (!snapshot) FAIL(snapshot.error().message.c_str());
        return *std::move(snapshot);
    }
};

TEST(snapshot, finds_an_entry_by_login_and_by_uid) {
    const auto snapshot = written();
    CHECK_TRUE(snapshot.verify_whole());
    const auto by_login = snapshot.find_login("alice");
    CHECK_TRUE(by_login.has_value());
    CHECK_TRUE(*by_login == content.entries[0]);
    const auto by_uid = snapshot.find_uid(10002);
    CHECK_TRUE(by_uid.has_value());
    CHECK_TRUE(*by_uid == content.entries[1]);
    CHECK_FALSE(snapshot.find_login("mallory").has_value());
}
