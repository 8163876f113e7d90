// SPDX-License-Identifier: Apache-2.0
// Every verdict × every entry point, and what the account phase answers in each situation.
#include <CppUTest/TestHarness.h>

#include <fstream>

#include "tests/adapters/pam/support/log_collector.h"
#include "tests/adapters/pam/support/node.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

using EntryPoint = int (*)(pam_handle_t*, int);

int change_password(pam_handle_t* handle, int) {
    return ::pam_chauthtok(handle, PAM_CHANGE_EXPIRED_AUTHTOK);
}

constexpr EntryPoint account = ::pam_acct_mgmt;
constexpr EntryPoint all_others[] = {::pam_authenticate, ::pam_setcred, ::pam_open_session,
                                     ::pam_close_session, change_password};

}  // namespace

TEST_GROUP(entry_points) {
    LogCollector log;
    Node node;

    int call(EntryPoint entry, const std::string& user, const std::string& more_modules) {
        node.service(arguments + more_modules);
        PamLogin login = node.login(user);
        return entry(login.handle(), 0);
    }

    // libpam shows PAM_IGNORE only through what the next module makes of it.
    int answer(EntryPoint entry, const std::string& user) {
        const int alone = call(entry, user, "");
        std::string permits;
        for (const auto* phase : {"auth", "account", "password", "session"})
            permits += std::string("\n") + phase + " required pam_permit.so";
        const int with_permit = call(entry, user, permits);
        if (alone == PAM_PERM_DENIED && with_permit == PAM_SUCCESS) return PAM_IGNORE;
        LONGS_EQUAL(alone, with_permit);
        return alone;
    }

    void only_the_account_phase_answers(int expected, const std::string& user) {
        LONGS_EQUAL(expected, answer(account, user));
        log.take();
        for (const auto entry : all_others) LONGS_EQUAL(PAM_IGNORE, answer(entry, user));
        LONGS_EQUAL(0, log.take().size());
    }

    std::string arguments;
};

TEST(entry_points, allow) {
    node.roster();
    only_the_account_phase_answers(PAM_SUCCESS, "alice");
    only_the_account_phase_answers(PAM_SUCCESS, "bob");
}

TEST(entry_points, deny) {
    node.roster();
    only_the_account_phase_answers(PAM_PERM_DENIED, "mallory");
}

TEST(entry_points, unavailable) {
    only_the_account_phase_answers(PAM_AUTHINFO_UNAVAIL, "alice");
}

TEST(entry_points, root_is_let_in_whatever_else) {
    only_the_account_phase_answers(PAM_SUCCESS, "root");
    node.write("together.conf", "broken");
    only_the_account_phase_answers(PAM_SUCCESS, "root");
    node.write("lockdown", "");
    only_the_account_phase_answers(PAM_SUCCESS, "root");
}

TEST(entry_points, observe_says_nothing_and_refuses_nobody) {
    node.configure("mode = observe");
    node.roster();
    only_the_account_phase_answers(PAM_IGNORE, "alice");
    only_the_account_phase_answers(PAM_IGNORE, "mallory");
    only_the_account_phase_answers(PAM_IGNORE, "root");
    node.no_roster();
    only_the_account_phase_answers(PAM_IGNORE, "alice");
}

TEST(entry_points, observe_does_not_cover_a_broken_configuration) {
    node.configure("mode = observe\nmode = observe");
    node.roster();
    only_the_account_phase_answers(PAM_AUTHINFO_UNAVAIL, "alice");
}

TEST(entry_points, exempt_users_are_let_in_without_a_roster) {
    node.configure("exempt_users = root operator 10003");
    only_the_account_phase_answers(PAM_SUCCESS, "operator");
    only_the_account_phase_answers(PAM_SUCCESS, "carol");  // by her uid
    only_the_account_phase_answers(PAM_AUTHINFO_UNAVAIL, "dave");
}

TEST(entry_points, lockdown_refuses_all_but_root_and_the_exempt) {
    node.configure("exempt_users = root operator");
    node.roster();
    node.write("lockdown", "incident 42\n");
    only_the_account_phase_answers(PAM_PERM_DENIED, "alice");
    only_the_account_phase_answers(PAM_SUCCESS, "operator");
    node.remove("lockdown");
    only_the_account_phase_answers(PAM_SUCCESS, "alice");
}

TEST(entry_points, admissions_hold_until_their_time) {
    node.roster();
    node.write("admit.d/dave", "login = dave\nuntil = 2099-01-01T00:00:00Z\nreason = on call\n");
    only_the_account_phase_answers(PAM_SUCCESS, "dave");
    node.write("admit.d/dave", "login = dave\nuntil = 2020-01-01T00:00:00Z\nreason = on call\n");
    only_the_account_phase_answers(PAM_PERM_DENIED, "dave");
    node.write("admit.d/dave", "login = alice\nuntil = 2099-01-01T00:00:00Z\nreason = on call\n");
    only_the_account_phase_answers(PAM_PERM_DENIED, "dave");
}

TEST(entry_points, require_admin) {
    arguments = "require=admin";
    node.configure("exempt_users = root operator");
    node.roster();
    node.write("admit.d/dave", "login = dave\nuntil = 2099-01-01T00:00:00Z\nreason = on call\n");
    only_the_account_phase_answers(PAM_SUCCESS, "alice");
    only_the_account_phase_answers(PAM_PERM_DENIED, "bob");
    only_the_account_phase_answers(PAM_SUCCESS, "operator");
    only_the_account_phase_answers(PAM_SUCCESS, "dave");
    only_the_account_phase_answers(PAM_SUCCESS, "root");
    only_the_account_phase_answers(PAM_PERM_DENIED, "mallory");
}

TEST(entry_points, entries_that_a_roster_cannot_admit) {
    auto system_account = collaborator("daemon", 1, "admin");
    node.roster(ago(0s), {collaborator("alice", 10099), collaborator("nobody-here", 10098),
                          system_account, collaborator("bob", 10002, "wizard"),
                          collaborator("carol", 10003), collaborator("carol", 10004)});
    only_the_account_phase_answers(PAM_PERM_DENIED, "alice");        // another uid on this node
    only_the_account_phase_answers(PAM_PERM_DENIED, "nobody-here");  // no account
    only_the_account_phase_answers(PAM_PERM_DENIED, "daemon");       // below min_uid
    only_the_account_phase_answers(PAM_PERM_DENIED, "bob");          // no such role
    only_the_account_phase_answers(PAM_PERM_DENIED, "carol");        // two of them
}

TEST(entry_points, member_has_two_other_names) {
    node.roster(ago(0s),
                {collaborator("alice", 10001, "editor"), collaborator("bob", 10002, "developer"),
                 collaborator("carol", 10003, "Admin")});
    only_the_account_phase_answers(PAM_SUCCESS, "alice");
    only_the_account_phase_answers(PAM_SUCCESS, "bob");
    only_the_account_phase_answers(PAM_PERM_DENIED, "carol");
}

TEST(entry_points, a_missing_user_is_nobody) {
    node.roster();
    LONGS_EQUAL(PAM_PERM_DENIED, node.account(""));
}

TEST(entry_points, a_session_learns_project_and_role) {
    node.roster();
    PamLogin login = node.login("alice");
    ::pam_open_session(login.handle(), 0);
    STRCMP_EQUAL("proj_test", login.variable("TOGETHER_PROJECT_ID").c_str());
    STRCMP_EQUAL("admin", login.variable("TOGETHER_ROLE").c_str());
}

TEST(entry_points, a_session_learns_nothing_without_an_allow_from_the_roster) {
    node.configure("mode = observe");
    node.roster(ago(0s), {collaborator("alice", 10099, "admin")});
    PamLogin login = node.login("alice");
    ::pam_open_session(login.handle(), 0);
    STRCMP_EQUAL("", login.variable("TOGETHER_PROJECT_ID").c_str());
    STRCMP_EQUAL("", login.variable("TOGETHER_ROLE").c_str());
}

TEST(entry_points, a_session_never_waits) {
    node.refresh_by("hangs");
    const auto started = std::chrono::steady_clock::now();
    PamLogin login = node.login("alice");
    ::pam_open_session(login.handle(), 0);
    CHECK_TRUE(std::chrono::steady_clock::now() - started < 2s);
    CHECK_FALSE(std::ifstream(node.roster_paths().lock()).good());
}
