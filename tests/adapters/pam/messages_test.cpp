// SPDX-License-Identifier: Apache-2.0
// What the user sees and what the log carries.
#include <CppUTest/TestHarness.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/adapters/pam/support/log_collector.h"
#include "tests/adapters/pam/support/node.h"
#include "tests/adapters/pam/support/pam_application.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(messages) {
    LogCollector log;
    Node node;

    void setup() override {
        node.configure("contact = Ask gpu-ops@example.", "deadline = 300ms");
        node.roster();
    }

    // The one message that the account phase sends; empty where it sends none.
    std::string message_to(const std::string& user, int flags = 0) {
        PamLogin login = node.login(user);
        login.account(flags);
        if (login.messages().empty()) return {};
        LONGS_EQUAL(1, login.messages().size());
        LONGS_EQUAL(PAM_ERROR_MSG, login.messages()[0].style);
        return login.messages()[0].text;
    }

    std::string line_about(const std::string& user) {
        log.take();
        node.account(user);
        return log.take_one();
    }
};

TEST(messages, nothing_is_said_to_who_gets_in) {
    STRCMP_EQUAL("", message_to("alice").c_str());
    STRCMP_EQUAL("", message_to("root").c_str());
}

TEST(messages, a_refused_user_reads_who_what_why_and_whom_to_ask) {
    STRCMP_EQUAL(
        "Access denied: mallory is not a collaborator of "
        "project proj_test. An Admin of the project can add you. Ask gpu-ops@example.",
        message_to("mallory").c_str());
}

TEST(messages, unavailable_is_not_told_as_a_refusal) {
    node.no_roster();
    const auto message = message_to("alice");
    STRCMP_CONTAINS("Access cannot be decided now", message.c_str());
    STRCMP_CONTAINS("alice was not refused", message.c_str());
    CHECK_TRUE(message.find("not a collaborator") == message.npos);
}

TEST(messages, sudo_s_users_read_why_though_it_sets_PAM_SILENT) {
    STRCMP_EQUAL(message_to("mallory").c_str(), message_to("mallory", PAM_SILENT).c_str());
}

TEST(messages, none_with_quiet) {
    node.service("quiet");
    STRCMP_EQUAL("", message_to("mallory").c_str());
    node.no_roster();
    STRCMP_EQUAL("", message_to("mallory").c_str());
}

TEST(messages, none_in_observe_mode) {
    node.configure("mode = observe");
    STRCMP_EQUAL("", message_to("mallory").c_str());
}

TEST(messages, a_host_without_a_conversation_gets_the_same_answer) {
    PamLogin login(node.pam_folder(), "sshd", "mallory", PamLogin::Conversation::missing);
    LONGS_EQUAL(PAM_PERM_DENIED, login.account());
    LONGS_EQUAL(0, login.messages().size());
    CHECK_TRUE(has_field(log.take_one(), "verdict=deny"));  // and libpam itself logs nothing
}

TEST(messages, allow_is_logged_as_info_deny_as_notice_unavailable_as_warning) {
    const auto allowed = line_about("bob");
    STRCMP_CONTAINS("<86>pam_together[", allowed.c_str());
    for (const auto* field :
         {"login=bob", "uid=10002", "service=sshd", "rhost=192.0.2.7", "action=ssh.login",
          "verdict=allow", "reason=role_permits", "role=member", "project=proj_test", "revision=7"})
        CHECK_TEXT(has_field(allowed, field), field);
    CHECK_TRUE(has_field(allowed, "pid=" + std::to_string(::getpid())));
    STRCMP_CONTAINS("<85>", line_about("mallory").c_str());
    node.no_roster();
    node.refresh_by("missing");
    node.account("alice");
    auto lines = log.take();
    LONGS_EQUAL(2, lines.size());
    STRCMP_CONTAINS("<84>", lines[1].c_str());
    CHECK_TRUE(has_field(lines[1], "verdict=unavailable"));
}

TEST(messages, observe_logs_what_it_would_have_done) {
    node.configure("mode = observe");
    const auto line = line_about("mallory");
    STRCMP_CONTAINS("<85>", line.c_str());
    CHECK_TRUE(has_field(line, "verdict=allow"));
    CHECK_TRUE(has_field(line, "would=deny"));
}

TEST(messages, nothing_is_logged_for_root) {
    LONGS_EQUAL(PAM_SUCCESS, node.account("root"));
    LONGS_EQUAL(0, log.take().size());
}

TEST(messages, an_exemption_and_an_admission_are_logged) {
    node.configure("exempt_users = root operator");
    CHECK_TRUE(has_field(line_about("operator"), "reason=exempt"));
    node.write("admit.d/dave", "login = dave\nuntil = 2099-01-01T00:00:00Z\nreason = on call\n");
    CHECK_TRUE(has_field(line_about("dave"), "reason=admitted"));
}

TEST(messages, the_time_that_it_took_is_measured) {
    node.no_roster();
    node.refresh_by("hangs");
    const double seconds = seconds_of([&] { node.account("alice"); });
    const auto line = log.take().at(1);
    const auto start = line.find("took_us=");
    CHECK_TRUE(start != line.npos);
    const auto took = std::stol(line.substr(start + std::string("took_us=").size()));
    CHECK_TRUE(took >= 300'000 && static_cast<double>(took) <= seconds * 1e6);
}

TEST(messages, it_is_logged_before_it_waits) {
    node.no_roster();
    node.refresh_by("hangs");
    node.account("alice");
    const auto lines = log.take();
    LONGS_EQUAL(2, lines.size());
    CHECK_TRUE(has_field(lines[0], "event=refresh"));
    CHECK_TRUE(has_field(lines[0], "login=alice"));
    CHECK_TRUE(has_field(lines[0], "deadline=300ms"));
    CHECK_TRUE(lines[0].find("verdict=") == std::string::npos);
    CHECK_TRUE(has_field(lines[1], "verdict=unavailable"));
    node.account("alice");  // the last attempt holds back: nobody waits
    CHECK_TRUE(has_field(log.take_one(), "verdict=unavailable"));
}

TEST(messages, the_line_is_out_when_the_host_is_killed_while_it_waits) {
    node.no_roster();
    node.configure("", "deadline = 60s");
    node.refresh_by("hangs");
    const pid_t application = ::fork();
    if (application == 0) {
        node.account("alice");
        ::_exit(0);
    }
    std::vector<std::string> lines;
    for (int i = 0; i < 500 && lines.empty(); ++i) {
        ::usleep(10'000);  // sleeps: a step of waiting for the line
        lines = log.take();
    }
    ::kill(application, SIGKILL);
    ::waitpid(application, nullptr, 0);
    LONGS_EQUAL(1, lines.size());
    CHECK_TRUE(has_field(lines[0], "event=refresh"));
}

TEST(messages, debug_adds_a_line_with_the_arguments) {
    node.service("debug require=admin");
    node.account("alice");
    const auto lines = log.take();
    LONGS_EQUAL(2, lines.size());
    CHECK_TRUE(has_field(lines[0], "event=debug"));
    CHECK_TRUE(has_field(lines[0], "config=" + node.path("together.conf")));
    STRCMP_CONTAINS("debug require=admin\"", lines[0].c_str());
}

TEST(messages, a_broken_configuration_is_logged_with_its_line) {
    node.write("together.conf", "[api]\nbase_url = https://api.example/v1\nprojekt = x\n");
    const auto line = line_about("alice");
    CHECK_TRUE(has_field(line, "reason=configuration"));
    STRCMP_CONTAINS("together.conf:3: unknown key projekt in [api]", line.c_str());
}

// sudo's stderr is its invoker's screen or file, and so is that of any other set-user-ID calling
// program.
TEST(messages, without_a_logger_the_line_goes_to_stderr_but_not_to_an_invoker_s) {
    ::unlink("/dev/log");
    const std::string decisions = "/var/log/together/decisions.log";
    ::mkdir("/var/log/together", 0755);
    ::unlink(decisions.c_str());
    for (const std::string service : {"sshd", "sudo", "sudo-i", "su", "su-l", "chsh"}) {
        const auto captured = node.path("stderr-of-" + service);
        node.service_file("account required " PAM_TOGETHER " " + node.config_argument() + "\n",
                          service);
        const pid_t application = ::fork();
        if (application == 0) {
            ::dup2(::open(captured.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
            if (service == "chsh" && ::setresuid(10001, 0, 0) != 0) ::_exit(1);
            PamLogin(node.pam_folder(), service, "mallory").account();
            ::_exit(0);
        }
        ::waitpid(application, nullptr, 0);
        const bool in_stderr = contents(captured).find("verdict=deny") != std::string::npos;
        const bool in_file = has_field(contents(decisions), "service=" + service);
        CHECK_TEXT(in_stderr == (service == "sshd"), service.c_str());
        CHECK_TEXT(in_file == (service != "sshd"), service.c_str());
    }
}
