// SPDX-License-Identifier: Apache-2.0
// The last valid configuration stays in force, and what happened is told once.
#include "common/resident/config_keeper.h"

#include "tests/adapters/slurm/support/adapter.h"
#include "tests/adapters/slurm/support/node.h"

using namespace together;

namespace {

class KeptLog : public ResidentLog {
  public:
    void info(const std::string& line) override { infos.push_back(line); }
    void error(const std::string& line) override { errors.push_back(line); }
    std::vector<std::string> infos;
    std::vector<std::string> errors;
};

class GrowingAccounts : public NodeAccounts {
  public:
    Result<std::optional<uid_t>> uid_of(const std::string&) override {
        ++asked;
        return uid;
    }
    Result<std::optional<std::string>> login_of(uid_t) override { return std::nullopt; }
    std::optional<uid_t> uid;
    int asked = 0;
};

}  // namespace

TEST_GROUP(config_keeper) {
    Node node;
    KeptLog log;
    GrowingAccounts accounts;
    ConfigKeeper<> keeper{node.path, load_config, &accounts, log, "submission"};
};

TEST(config_keeper, before_the_first_look_there_is_none) {
    CHECK_FALSE(keeper.current()->has_value());
}

TEST(config_keeper, a_file_is_read_once) {
    keeper.look();
    const auto first = keeper.current();
    keeper.look();
    CHECK_TRUE(first->has_value());
    CHECK(first == keeper.current());
    CHECK_EQUAL(1, log.infos.size());
}

TEST(config_keeper, a_changed_file_is_read_again) {
    keeper.look();
    node.configure("min_uid = 5000\n");
    keeper.look();
    CHECK_EQUAL(5000, (*keeper.current())->min_uid);
}

TEST(config_keeper, a_drop_in_that_comes_changes_and_goes_is_noticed) {
    keeper.look();
    make_directory(node.path + ".d");
    write_file(node.path + ".d/a.conf", "[gate]\nmin_uid = 5000\n");
    keeper.look();
    CHECK_EQUAL(5000, (*keeper.current())->min_uid);
    write_file(node.path + ".d/a.conf", "[gate]\nmin_uid = 60000\n");
    keeper.look();
    CHECK_EQUAL(60000, (*keeper.current())->min_uid);
    std::filesystem::remove(node.path + ".d/a.conf");
    keeper.look();
    CHECK_EQUAL(1000, (*keeper.current())->min_uid);
}

TEST(config_keeper, a_broken_one_leaves_the_last_valid_one_and_is_told_once) {
    keeper.look();
    const auto valid = keeper.current();
    write_file(node.path, "[api]\nnonsense = 1\n");
    keeper.look();
    keeper.look();
    CHECK(valid == keeper.current());
    CHECK_EQUAL(1, log.errors.size());
    STRCMP_CONTAINS("unknown key nonsense", log.errors.front().c_str());
    STRCMP_CONTAINS("the last valid configuration stays in force", log.errors.front().c_str());
}

TEST(config_keeper, a_missing_one_is_none_until_it_comes) {
    std::filesystem::remove(node.path);
    keeper.look();
    CHECK_FALSE(keeper.current()->has_value());
    STRCMP_CONTAINS("every submission is refused", log.errors.front().c_str());
    node.configure();
    keeper.look();
    CHECK_TRUE(keeper.current()->has_value());
}

TEST(config_keeper, exempt_logins_are_looked_up_when_the_file_is_read) {
    accounts.uid = 4711;
    node.configure("exempt_users = operator\n");
    keeper.look();
    CHECK((*keeper.current())->exempt_uids == std::vector<uid_t>{4711});
    keeper.look();
    CHECK_EQUAL(1, accounts.asked);
}

TEST(config_keeper, an_account_that_comes_later_is_found_within_sixty_looks) {
    node.configure("exempt_users = operator\n");
    keeper.look();
    STRCMP_CONTAINS("there is no account operator", log.errors.front().c_str());
    accounts.uid = 4711;
    for (int look = 0; look < 60; ++look) keeper.look();
    CHECK((*keeper.current())->exempt_uids == std::vector<uid_t>{4711});
    CHECK_EQUAL(1, log.errors.size());
}
