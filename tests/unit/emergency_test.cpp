// SPDX-License-Identifier: Apache-2.0
// What root writes in an emergency: a lockdown, and admissions until a time.
#include "common/decision/emergency.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include "common/system/utc.h"
#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(lockdown) {
    TemporaryDirectory folder;

    void is_in_force(const char* reason) const {
        const auto lockdown = lockdown_in_force(folder.path());
        CHECK_TRUE(lockdown.has_value());
        TEXT_EQUAL(reason, *lockdown);
    }
};

TEST(lockdown, is_none_without_its_file) {
    CHECK_FALSE(lockdown_in_force(folder.path()).has_value());
    CHECK_FALSE(lockdown_in_force(folder / "none").has_value());
    write_file(folder / "file", "");
    CHECK_FALSE(lockdown_in_force(folder / "file").has_value());
}

TEST(lockdown, has_its_first_line_as_the_reason) {
    write_file(folder / "lockdown", "Incident 42\nsecond line\n");
    is_in_force("Incident 42");
    write_file(folder / "lockdown", "Incident 42");
    is_in_force("Incident 42");
}

TEST(lockdown, may_have_no_reason) {
    write_file(folder / "lockdown", "");
    is_in_force("");
    write_file(folder / "lockdown", "\nsecond line\n");
    is_in_force("");
}

TEST(lockdown, is_in_force_even_unreadable) {
    ::chmod(folder.path().c_str(), 0755);
    write_file(folder / "lockdown", "Incident 42\n", 0600);
    CHECK_TRUE(holds_for_nobody([&] { return lockdown_in_force(folder.path()) == ""; }));
}

TEST(lockdown, is_in_force_where_its_folder_cannot_be_searched) {
    ::chmod(folder.path().c_str(), 0700);
    CHECK_TRUE(holds_for_nobody([&] { return lockdown_in_force(folder.path()) == ""; }));
}

TEST(lockdown, is_in_force_as_a_link_that_leads_nowhere) {
    std::filesystem::create_symlink("nowhere", folder / "lockdown");
    is_in_force("");
}

TEST(lockdown, is_in_force_as_a_folder_a_fifo_and_a_device) {
    make_directory(folder / "lockdown");
    is_in_force("");
    std::filesystem::remove(folder / "lockdown");
    CHECK_EQUAL(0, ::mkfifo((folder / "lockdown").c_str(), 0644));
    is_in_force("");
    std::filesystem::remove(folder / "lockdown");
    std::filesystem::create_symlink("/dev/null", folder / "lockdown");
    is_in_force("");
}

// Anybody's file locks down, nobody but root puts words into our messages.
TEST(lockdown, is_in_force_but_not_quoted_when_it_is_not_roots) {
    needs_root();
    write_file(folder / "lockdown", "call 555-0100 and tell them your password\n");
    CHECK_EQUAL(0, ::chown((folder / "lockdown").c_str(), nobody, nobody));
    is_in_force("");
    write_file(folder / "lockdown", "call 555-0100\n", 0666);
    CHECK_EQUAL(0, ::chown((folder / "lockdown").c_str(), 0, 0));
    is_in_force("");
}

TEST(lockdown, quotes_nothing_that_a_terminal_would_obey) {
    write_file(folder / "lockdown", "\x1b[2JIncident\n");
    is_in_force("");
}

TEST(lockdown, quotes_nothing_of_a_file_over_4_kib) {
    write_file(folder / "lockdown", std::string(4097, 'x'));
    is_in_force("");
}

TEST_GROUP(admission) {
    TemporaryDirectory folder;
    FakeClock clock;
    std::vector<std::string> problems;

    void setup() override {
        make_directory(folder / "admit.d");
    }
    void write(const std::string& login, const std::string& text, mode_t mode = 0644) const {
        write_file(folder / ("admit.d/" + login), text, mode);
    }
    std::string text(const std::string& login, Nanoseconds from_now, const char* more = "") {
        return "login = " + login +
               "\nuntil = " + format_utc(clock.now().realtime + from_now.count()) +
               "\nreason = on call\n" + more;
    }
    bool admits(const std::string& login) {
        problems.clear();
        return admission_of_login(folder.path(), login, clock, problems).has_value();
    }
    bool admits_uid(uid_t uid) {
        problems.clear();
        return admission_of_uid(folder.path(), uid, clock, problems).has_value();
    }
    // Admits nobody, and says why.
    void is_malformed(const std::string& content, const char* why) {
        write("alice", content);
        CHECK_TEXT(!admits("alice"), content.c_str());
        LONGS_EQUAL_TEXT(1, problems.size(), content.c_str());
        TEXT_CONTAINS(folder / "admit.d/alice", problems[0]);
        TEXT_CONTAINS(why, problems[0]);
        CHECK_FALSE(admits_uid(10001));
        LONGS_EQUAL(1, problems.size());
    }
};

TEST(admission, is_for_a_login_until_a_time) {
    write("alice", text("alice", 1h));
    const auto admission = admission_of_login(folder.path(), "alice", clock, problems);
    CHECK_TRUE(admission.has_value());
    TEXT_EQUAL("alice", admission->login);
    TEXT_EQUAL("on call", admission->reason);
    LONGLONGS_EQUAL(clock.now().realtime + Nanoseconds(1h).count(), admission->until);
    CHECK_FALSE(admission->uid.has_value());
    CHECK_TRUE(problems.empty());
}

TEST(admission, is_nobody_elses) {
    write("alice", text("alice", 1h));
    for (const char* login : {"bob", "alic", "alice2", "Alice", ""}) CHECK_FALSE(admits(login));
    CHECK_TRUE(problems.empty());
}

TEST(admission, ends_at_its_time) {
    write("alice", text("alice", 10s));
    clock.tick(10s - 1ns);
    CHECK_TRUE(admits("alice"));
    clock.tick(1ns);
    CHECK_FALSE(admits("alice"));
    clock.tick(24h);
    CHECK_FALSE(admits("alice"));
    CHECK_TRUE(problems.empty());
}

TEST(admission, is_by_wall_clock) {
    write("alice", text("alice", 10s));
    clock.step(10s);
    CHECK_FALSE(admits("alice"));
    clock.step(-1s);
    CHECK_TRUE(admits("alice"));
}

TEST(admission, may_name_a_uid) {
    write("alice", text("alice", 1h, "uid = 10001\n"));
    CHECK_TRUE(admits_uid(10001));
    CHECK_FALSE(admits_uid(10002));
    CHECK_FALSE(admits_uid(0));
    clock.tick(1h);
    CHECK_FALSE(admits_uid(10001));
}

TEST(admission, of_a_uid_needs_a_uid) {
    write("alice", text("alice", 1h));
    CHECK_FALSE(admits_uid(10001));
    CHECK_FALSE(admits_uid(0));
}

TEST(admission, is_malformed_without_one_of_its_keys) {
    is_malformed("", "its login is not its name");
    is_malformed("until = 2100-01-01T00:00:00Z\nreason = x\n", "its login is not its name");
    is_malformed("login = alice\nreason = x\n", "until or reason is missing");
    is_malformed("login = alice\nuntil = 2100-01-01T00:00:00Z\n", "until or reason is missing");
    is_malformed("login = alice\nuntil = 2100-01-01T00:00:00Z\nreason =\n",
                 "until or reason is missing");
}

TEST(admission, is_malformed_under_another_name) {
    is_malformed(text("bob", 1h), "its login is not its name");
    CHECK_FALSE(admits("bob"));
}

TEST(admission, is_malformed_with_another_key_or_a_section) {
    is_malformed(text("alice", 1h, "role = admin\n"), ":4: unknown key role");
    is_malformed("[admission]\n" + text("alice", 1h), ":2: an admission has no sections");
}

TEST(admission, is_malformed_with_a_key_that_stands_twice) {
    is_malformed(text("alice", 1h, "until = 2261-01-01T00:00:00Z\n"), ":4: until is set twice");
    is_malformed(text("bob", 1h, "login = alice\n"), ":4: login is set twice");
    is_malformed(text("alice", 1h, "reason = more\n"), ":4: reason is set twice");
    is_malformed(text("alice", 1h, "uid = 1\nuid = 10001\n"), ":5: uid is set twice");
}

TEST(admission, is_malformed_with_a_bad_time) {
    for (const char* until : {"", "tomorrow", "2100-01-01", "2100-01-01T00:00:00+00:00",
                              "2100-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "4102444800"})
        is_malformed("login = alice\nreason = x\nuntil = " + std::string(until) + "\n",
                     ":3: until: not a time such as 2026-01-31T18:00:00Z, up to the year 2261");
}

TEST(admission, is_malformed_with_a_bad_uid) {
    for (const char* uid : {"", "-1", "alice", "1 0", "4294967296", "99999999999999999999", "0x1"})
        is_malformed(text("alice", 1h, ("uid = " + std::string(uid) + "\n").c_str()),
                     ":4: uid: not a uid");
}

TEST(admission, is_malformed_where_lines_would_be_misread) {
    is_malformed(text("alice", 1h, "rubbish\n"), ":4: neither");
    is_malformed(" " + text("alice", 1h), ":1: indented");
    is_malformed(text("alice", 1h) + std::string("#\0", 2), ":4: a NUL byte");
    is_malformed(std::string(4097, '#'), "is larger than 4096 bytes");
}

TEST(admission, is_roots_alone) {
    needs_root();
    write("alice", text("alice", 1h, "uid = 10001\n"));
    CHECK_TRUE(admits("alice"));
    CHECK_EQUAL(0, ::chown((folder / "admit.d/alice").c_str(), nobody, 0));
    CHECK_FALSE(admits("alice"));
    TEXT_CONTAINS("belongs neither to root", problems.at(0));
    CHECK_FALSE(admits_uid(10001));
    TEXT_CONTAINS("belongs neither to root", problems.at(0));
}

TEST(admission, is_writable_by_root_alone) {
    write("alice", text("alice", 1h), 0664);
    CHECK_FALSE(admits("alice"));
    TEXT_CONTAINS("can be written by others", problems.at(0));
}

TEST(admission, is_no_path) {
    write_file(folder / "alice", text("alice", 1h));
    for (const char* login : {"../alice", "/etc/passwd", ".", "..", "", "a/b"})
        CHECK_FALSE(admits(login));
    CHECK_TRUE(problems.empty());
}

TEST(admission, is_a_file) {
    make_directory(folder / "admit.d/alice");
    CHECK_FALSE(admits("alice"));
    TEXT_CONTAINS("is not a regular file", problems.at(0));
    std::filesystem::remove(folder / "admit.d/alice");
    CHECK_EQUAL(0, ::mkfifo((folder / "admit.d/alice").c_str(), 0644));
    CHECK_FALSE(admits("alice"));
}

TEST(admission, is_looked_for_in_a_folder_that_can_be_opened) {
    std::filesystem::remove_all(folder / "admit.d");
    CHECK_FALSE(admits_uid(10001));
    CHECK_TRUE(problems.empty());  // nobody is admitted
    write_file(folder / "admit.d", "a file");
    CHECK_FALSE(admits_uid(10001));
    TEXT_EQUAL("cannot open " + (folder / "admit.d") + ": Not a directory", problems.at(0));
}

TEST(admission, of_one_is_not_spoilt_by_anothers_malformed_file) {
    write("alice", text("alice", 1h, "uid = 10001\n"));
    write("bob", "rubbish");
    CHECK_TRUE(admits("alice"));
    CHECK_TRUE(problems.empty());
    CHECK_TRUE(admits_uid(10001));
}

TEST(admission, is_listed_with_the_others_even_when_past) {
    write("alice", text("alice", 1h));
    write("bob", text("bob", 1h));
    write("carol", "rubbish");
    write(".carol.swp", "rubbish");
    write("README.1~", "rubbish");
    clock.tick(2h);
    LONGS_EQUAL(2, read_admissions(folder.path(), problems).size());
    LONGS_EQUAL(1, problems.size());
    CHECK_TRUE(read_admissions(folder / "none", problems).empty());
}
