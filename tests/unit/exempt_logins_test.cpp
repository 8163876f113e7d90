// SPDX-License-Identifier: Apache-2.0
// Exempt logins become uids, for calling programs that know their users by uid.
#include "common/config/exempt_logins.h"

#include <CppUTest/TestHarness.h>

using namespace together;

namespace {

class FewAccounts : public NodeAccounts {
  public:
    Result<std::optional<uid_t>> uid_of(const std::string& login) override {
        ++asked;
        if (login == "broken") return failure("the name service could not look up broken");
        if (login == "operator") return 12345;
        return std::nullopt;
    }
    Result<std::optional<std::string>> login_of(uid_t) override { return std::nullopt; }

    int asked = 0;
};

}  // namespace

TEST_GROUP(exempt_logins) {
    Config config;
    FewAccounts accounts;
};

TEST(exempt_logins, a_login_becomes_its_uid) {
    config.exempt_uids = {7};
    config.exempt_logins = {"operator"};
    CHECK_TRUE(resolve_exempt_logins(config, accounts).empty());
    CHECK((config.exempt_uids == std::vector<uid_t>{7, 12345}));
}

TEST(exempt_logins, one_without_an_account_is_told_and_exempts_nobody) {
    config.exempt_logins = {"nobody-knows", "broken", "operator"};
    const auto problems = resolve_exempt_logins(config, accounts);
    CHECK_EQUAL(2, problems.size());
    STRCMP_EQUAL("exempt_users: there is no account nobody-knows", problems[0].c_str());
    STRCMP_EQUAL("exempt_users: the name service could not look up broken", problems[1].c_str());
    CHECK((config.exempt_uids == std::vector<uid_t>{12345}));
}

TEST(exempt_logins, root_is_not_looked_up) {
    config.exempt_logins = {"root"};
    CHECK_TRUE(resolve_exempt_logins(config, accounts).empty());
    CHECK_EQUAL(0, accounts.asked);
}
