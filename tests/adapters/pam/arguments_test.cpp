// SPDX-License-Identifier: Apache-2.0
// What may stand behind pam_together.so, and that a typing error never loosens the gate.
#include <CppUTest/TestHarness.h>

#include "tests/adapters/pam/support/log_collector.h"
#include "tests/adapters/pam/support/node.h"

using namespace together;

TEST_GROUP(arguments) {
    LogCollector log;
    Node node;

    void setup() override {
        node.roster();
    }

    void is_refused(const std::string& arguments, const std::string& named) {
        node.service(arguments);
        PamLogin login = node.login("alice");
        LONGS_EQUAL_TEXT(PAM_AUTHINFO_UNAVAIL, login.account(), arguments.c_str());
        const auto line = log.take_one();
        CHECK_TEXT(has_field(line, "reason=module_argument"), line.c_str());
        STRCMP_CONTAINS(named.c_str(), line.c_str());
        STRCMP_CONTAINS("called with wrong arguments", login.messages().at(0).text.c_str());
        LONGS_EQUAL(PAM_SUCCESS, node.account("root"));
    }
};

TEST(arguments, all_right_ones_together) {
    node.service("require=admin quiet");
    LONGS_EQUAL(PAM_SUCCESS, node.account("alice"));
    LONGS_EQUAL(PAM_PERM_DENIED, node.account("bob"));
}

TEST(arguments, wrong_ones_make_it_unavailable) {
    is_refused("nonsense", "nonsense");
    is_refused("require=member", "require=member");
    is_refused("require=", "require=");
    is_refused("require", "require");
    is_refused("quiet=yes", "quiet=yes");
    is_refused("Quiet", "Quiet");
    is_refused("debug=1", "debug=1");
    is_refused("mode=observe", "mode=observe");
    is_refused("=", "=");
    is_refused("[a b\\]c]", "a b]c");
}

TEST(arguments, one_that_stands_twice_is_wrong) {
    is_refused("config=/elsewhere/together.conf", "twice");
    is_refused("require=admin require=admin", "twice");
}

TEST(arguments, config_must_be_absolute) {
    node.service_file("account required " PAM_TOGETHER " config=together.conf");
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("alice"));
    const auto line = log.take_one();
    CHECK_TRUE(has_field(line, "reason=module_argument"));
    STRCMP_CONTAINS("config=together.conf", line.c_str());
}

TEST(arguments, quiet_holds_beside_a_wrong_one) {
    node.service("nonsense quiet");
    PamLogin login = node.login("alice");
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, login.account());
    LONGS_EQUAL(0, login.messages().size());
}

TEST(arguments, observe_does_not_cover_a_wrong_one) {
    node.configure("mode = observe");
    is_refused("nonsense", "nonsense");
}

TEST(arguments, without_config_it_is_the_one_in_etc) {
    node.service_file("account required " PAM_TOGETHER);
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("alice"));
    STRCMP_CONTAINS("/etc/together/together.conf", log.take_one().c_str());
}

TEST(arguments, a_wrong_one_in_a_session_line_is_logged_and_refuses_nobody) {
    node.service_file("session required " PAM_TOGETHER " nonsense\nsession required pam_permit.so");
    PamLogin login = node.login("alice");
    LONGS_EQUAL(PAM_SUCCESS, ::pam_open_session(login.handle(), 0));
    const auto line = log.take_one();
    CHECK_TRUE(has_field(line, "event=module_argument"));
    STRCMP_CONTAINS("nonsense", line.c_str());
    STRCMP_EQUAL("", login.variable("TOGETHER_PROJECT_ID").c_str());
}

TEST(arguments, control_characters_cannot_forge_a_log_line) {
    node.roster();
    PamLogin login = node.login("eve\n<86>sshd[1]: Accepted\x1b[2J");
    LONGS_EQUAL(PAM_PERM_DENIED, login.account());
    const auto line = log.take_one();
    CHECK_TRUE(line.find('\n') == line.npos);
    CHECK_TRUE(line.find('\x1b') == line.npos);
    STRCMP_CONTAINS("login=\"eve\\x0a<86>sshd[1]: Accepted\\x1b[2J\"", line.c_str());
}
