// SPDX-License-Identifier: Apache-2.0
// What other programs say, and how they are called.
#include <CppUTest/TestHarness.h>

#include "processes/installed_program.h"
#include "processes/run_program.h"
#include "processes/slurm_jobs.h"
#include "tests/unit/support/texts.h"
#include "togetherctl/pam/sshd_settings.h"

using namespace together;
using namespace together::ctl;
using namespace std::chrono_literals;

TEST_GROUP(captured_program){};

TEST(captured_program, gives_what_was_written_to_stdout) {
    const auto output = output_of("/bin/echo", {"a b", "$HOME"}, 10s);
    CHECK_TRUE(output.has_value());
    TEXT_EQUAL("a b $HOME\n", *output);
}

TEST(captured_program, has_an_environment_of_ours) {
    TEXT_EQUAL("PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n",
               *output_of("/usr/bin/env", {}, 10s));
}

TEST(captured_program, that_fails_gives_its_first_complaint) {
    const auto output =
        output_of("/bin/sh", {"-c", "echo first >&2; echo second >&2; exit 1"}, 10s);
    CHECK_FALSE(output.has_value());
    TEXT_EQUAL("/bin/sh failed: first", output.error().message);
    CHECK_FALSE(output_of("/nowhere/program", {}, 10s).has_value());
    // sshd's lines end as on a terminal.
    TEXT_EQUAL("/bin/sh failed: no",
               output_of("/bin/sh", {"-c", "printf 'no\\r\\n' >&2; exit 1"}, 10s).error().message);
}

TEST(captured_program, that_hangs_is_killed) {
    const auto output = output_of("/bin/sleep", {"1000"}, 0s);
    CHECK_FALSE(output.has_value());
    TEXT_CONTAINS("did not end within", output.error().message);
}

TEST(captured_program, that_writes_without_end_is_killed) {
    CHECK_FALSE(output_of("/bin/cat", {"/dev/zero"}, 60s).has_value());
}

TEST(captured_program, is_the_first_one_there_is) {
    TEXT_EQUAL("/bin/echo", first_program({"/nowhere/echo", "/bin/echo", "/bin/cat"}));
    TEXT_EQUAL("", first_program({"/nowhere/echo", "/etc/passwd", "/etc"}));
}

TEST_GROUP(program_output){};

TEST(program_output, of_sshd) {
    const auto settings = parse_sshd_settings(
        "port 22\nusepam yes\nauthorizedkeysfile .ssh/authorized_keys /etc/keys/%u\n");
    CHECK_TRUE(settings.use_pam);
    LONGS_EQUAL(2, settings.key_files.size());
    TEXT_EQUAL("/etc/keys/%u", settings.key_files[1]);
    CHECK_TRUE(parse_sshd_settings("UsePAM yes\n").use_pam);
    CHECK_FALSE(parse_sshd_settings("usepam no\n").use_pam);
    CHECK_FALSE(parse_sshd_settings("").use_pam);
    CHECK_TRUE(parse_sshd_settings("authorizedkeysfile none\n").key_files.empty());
}

TEST(program_output, of_the_title_of_an_sshd_that_listens) {
    const auto options_in = [](const std::string& words) {
        const auto call =
            call_in_title("sshd: /usr/sbin/sshd" + words + " [listener] 0 of 10-100 startups");
        std::string text;
        for (const auto& option : call->options) text += "<" + option + ">";
        return text;
    };
    TEXT_EQUAL("", options_in(""));
    TEXT_EQUAL("", options_in(" -D -p 2222 -E /var/log/sshd"));
    TEXT_EQUAL("<-f></etc/ssh/inside>", options_in(" -D -f /etc/ssh/inside -e"));
    TEXT_EQUAL("<-f/etc/ssh/inside>", options_in(" -f/etc/ssh/inside -p 2222"));
    TEXT_EQUAL("<-o><UsePAM=no><-o><Port 2222>", options_in(" -o UsePAM=no -o Port 2222 -D"));
    TEXT_EQUAL("<-oUsePAM no>", options_in(" -oUsePAM no"));
    TEXT_EQUAL("inside-sshd",
               call_in_title("inside-sshd: inside-sshd -D [listener] 0 of 10-100 startups")->name);
    CHECK_FALSE(call_in_title("sshd: alice [priv]").has_value());
    CHECK_FALSE(call_in_title("/usr/sbin/sshd -D").has_value());
}

TEST(program_output, of_squeue) {
    const auto jobs = parse_jobs("7|10001|RUNNING\n8_[1-3]|10002|PENDING\n\nerror: x\n");
    LONGS_EQUAL(2, jobs.size());
    TEXT_EQUAL("8_[1-3]", jobs[1].id);
    LONGS_EQUAL(10002, jobs[1].uid);
    TEXT_EQUAL("PENDING", jobs[1].state);
}
