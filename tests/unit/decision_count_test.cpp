// SPDX-License-Identifier: Apache-2.0
// What together-refresh --watch makes of the decisions that programs of this node send.
#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/decision/decision_report.h"
#include "common/decision/log_fields.h"
#include "common/decision/log_line.h"
#include "common/system/uids.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/count/decision_journal.h"
#include "together_refresh/count/decision_sockets.h"
#include "together_refresh/count/decision_tally.h"

using namespace together;

namespace {

std::string line_of(Verdict verdict, Reason reason, const std::string& login = "alice") {
    Decision decision;
    decision.login = login;
    decision.verdict = verdict;
    decision.reason = reason;
    return log_line(decision, {"sshd", "192.0.2.7", 7, 80});
}

const std::string allowed = line_of(Verdict::allow, Reason::role_permits);
const std::string denied = line_of(Verdict::deny, Reason::not_a_collaborator, "mallory");

}  // namespace

TEST_GROUP(decision_tally) {
    DecisionTally tally;
};

TEST(decision_tally, counts_each_answer_by_itself) {
    CHECK(tally.add(allowed));
    CHECK(tally.add(denied));
    CHECK(tally.add(denied));
    STRCMP_CONTAINS(
        "together_decisions_total{action=\"ssh.login\",verdict=\"allow\","
        "reason=\"role_permits\"} 1\n",
        tally.text().c_str());
    STRCMP_CONTAINS("verdict=\"deny\",reason=\"not_a_collaborator\"} 2\n", tally.text().c_str());
    STRCMP_CONTAINS("together_decisions_malformed_total 0\n", tally.text().c_str());
}

TEST(decision_tally, counts_a_line_as_often_as_it_says) {
    CHECK(tally.add(allowed + " times=7"));
    CHECK(tally.add(allowed));
    STRCMP_CONTAINS("verdict=\"allow\",reason=\"role_permits\"} 8\n", tally.text().c_str());
    for (const std::string bad : {"-", "-1", "x", "4294967296", "7x"})
        CHECK_FALSE(tally.add(allowed + " times=" + bad));
    STRCMP_CONTAINS("reason=\"role_permits\"} 8\n", tally.text().c_str());
}

TEST(decision_tally, names_no_person) {
    CHECK(tally.add(denied));
    CHECK(tally.text().find("mallory") == std::string::npos);
}

TEST(decision_tally, takes_our_own_words_alone) {
    for (const std::string bad :
         {"", "hello", "action=ssh.login verdict=deny",
          "action=ssh.login verdict=deny reason=\"x\\\"} 7\"",
          "action=ssh.login verdict=deny reason=other",
          "action=ssh.login verdict=maybe reason=root", "action=a1 verdict=deny reason=root"})
        CHECK_FALSE(tally.add(bad));
    STRCMP_CONTAINS("together_decisions_malformed_total 7\n", tally.text().c_str());
    CHECK(tally.text().find("{") == std::string::npos);
}

TEST_GROUP(log_fields){};

TEST(log_fields, are_what_the_log_line_was_made_of) {
    std::string line;
    append_field(line, "login", "a b=c");
    append_field(line, "role", "");
    append_field(line, "detail", "say \"hi\" x=y");
    append_field(line, "age", "2s");
    CHECK_EQUAL(std::string("a b=c"), field_in(line, "login"));
    CHECK_EQUAL(std::string("-"), field_in(line, "role"));
    CHECK_EQUAL(std::string("say \\\"hi\\\" x=y"), field_in(line, "detail"));
    CHECK_EQUAL(std::string("2s"), field_in(line, "age"));
    CHECK_EQUAL(std::string(), field_in(line, "x"));
    CHECK_EQUAL(4U, fields_in(line).size());
}

TEST(log_fields, of_anything_end) {
    for (const std::string text :
         {"", " ", "=", "a=", "a=\"", "a=\"\\", "= = =", "a b", "a=\"b\"c"})
        fields_in(text);
    CHECK_EQUAL(0U, fields_in("no fields at all").size());
}

TEST_GROUP(decision_journal) {
    TemporaryDirectory directory;
    std::string path = directory / "decisions";

    std::size_t lines() const {
        const auto text = read_file(path);
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
};

TEST(decision_journal, has_a_line_for_each_and_is_roots) {
    DecisionJournal journal(path);
    journal.add(0, 64030, denied);
    CHECK_EQUAL("time=1970-01-01T00:00:00Z sender=64030 number=1 " + denied + "\n",
                read_file(path));
    struct stat status {};
    CHECK_EQUAL(0, ::stat(path.c_str(), &status));
    CHECK_EQUAL(0600, static_cast<int>(status.st_mode & 07777));
}

TEST(decision_journal, a_sender_writes_one_printable_line) {
    DecisionJournal journal(path);
    journal.add(0, 7, "login=x\ntime=2 sender=0 login=root\x1b[2J\x9b" + std::string(9000, 'a'));
    CHECK_EQUAL(1U, lines());
    CHECK(read_file(path).size() < 2200);
    CHECK(read_file(path).find('\x1b') == std::string::npos);
}

TEST(decision_journal, keeps_the_last_thousand) {
    DecisionJournal journal(path);
    for (int i = 0; i < 2001; ++i) journal.add(0, 0, "n=" + std::to_string(i));
    CHECK_EQUAL(1000U, lines());
    STRCMP_CONTAINS("n=1001\n", read_file(path).c_str());
    STRCMP_CONTAINS("n=2000\n", read_file(path).c_str());
    CHECK(read_file(path).find("n=1000\n") == std::string::npos);
}

TEST(decision_journal, nobody_pushes_out_anothers) {
    DecisionJournal journal(path);
    journal.add(0, 0, "n=first");
    for (int i = 0; i < 3000; ++i) journal.add(0, 64030, "n=" + std::to_string(i));
    journal.add(0, 0, "n=last");
    for (int i = 3000; i < 6000; ++i) journal.add(0, 64030, "n=" + std::to_string(i));
    const auto text = read_file(path);
    CHECK(text.find(" sender=0 number=1 n=first\n") == text.find(" sender=0"));
    const auto last = text.find(" sender=0 number=3002 n=last\n");
    CHECK(last < text.find(" n=5000\n"));
    CHECK(text.find(" n=5999\n") < text.size());
    CHECK(lines() <= 1002 + 1000);
}

TEST(decision_journal, allows_of_many_push_out_no_refusal) {
    DecisionJournal journal(path);
    journal.add(0, 61009, "n=refusal");
    for (int i = 0; i < 5000; ++i) journal.add(0, 61009, "n=" + std::to_string(i) + " times=3");
    const auto text = read_file(path);
    CHECK(text.find(" n=refusal\n") < text.find(" n=4999 times=3\n"));
    CHECK(lines() <= 251 + 1000);
}

TEST(decision_journal, nor_after_a_restart) {
    {
        DecisionJournal journal(path);
        journal.add(0, 0, "n=first");
        for (int i = 0; i < 1500; ++i) journal.add(0, 64030, "n=" + std::to_string(i));
    }
    DecisionJournal journal(path);
    CHECK_EQUAL(1001U, lines());
    const auto text = read_file(path);
    CHECK(text.find(" n=first\n") < text.find(" n=500\n"));
    CHECK(text.find(" n=499\n") == text.npos);
    CHECK(text.find(" n=1499\n") < text.size());
}

TEST(decision_journal, of_the_longest_lines_of_all_senders_can_be_read) {
    // 16 of [metrics] senders, and root.
    constexpr auto of_each = DecisionJournal::kept + DecisionJournal::kept_of_several;
    constexpr std::size_t most_lines = 17 * of_each + DecisionJournal::kept;
    DecisionJournal journal(path);
    journal.add(0, no_uid - 1, std::string(9000, 'a'));
    constexpr std::size_t longer_number = 20;
    CHECK(most_lines * (read_file(path).size() + longer_number) <= max_decisions_journal);
}

TEST(decision_journal, goes_on_after_a_restart) {
    { DecisionJournal(path).add(0, 0, "n=1"); }
    { DecisionJournal(path).add(0, 0, "n=2"); }
    CHECK_EQUAL(2U, lines());
}

TEST_GROUP(decision_sockets) {
    TemporaryDirectory directory;
    DecisionSockets sockets{directory.path()};
    std::vector<std::string> taken;

    void take() {
        sockets.take(0, [&](uid_t sender, std::string_view line) {
            taken.push_back(std::to_string(sender) + " " + std::string(line));
        });
    }
    std::string socket_of(uid_t uid) const {
        return decisions_socket(uid, directory.path());
    }
};

TEST(decision_sockets, know_the_sender_by_its_socket) {
    CHECK(sockets.keep({0, 64030}).has_value());
    CHECK(DatagramSocket().send(socket_of(64030), allowed) == Sent::yes);
    CHECK(DatagramSocket().send(socket_of(0), denied) == Sent::yes);
    take();
    CHECK_EQUAL(2U, taken.size());
    CHECK_EQUAL("0 " + denied, taken[0]);
    CHECK_EQUAL("64030 " + allowed, taken[1]);
}

TEST(decision_sockets, can_be_written_to_by_their_user_alone) {
    CHECK(sockets.keep({0, 64030}).has_value());
    struct stat status {};
    CHECK_EQUAL(0, ::stat(socket_of(64030).c_str(), &status));
    CHECK_EQUAL(64030U, status.st_uid);
    CHECK_EQUAL(0600, static_cast<int>(status.st_mode & 07777));
    CHECK_EQUAL(0, ::stat(socket_of(0).c_str(), &status));
    CHECK_EQUAL(0U, status.st_uid);
    CHECK_EQUAL(0600, static_cast<int>(status.st_mode & 07777));
}

TEST(decision_sockets, take_the_place_of_whatever_stood_there) {
    write_file(socket_of(0), "x");
    CHECK(sockets.keep({0}).has_value());
    CHECK(DatagramSocket().send(socket_of(0), allowed) == Sent::yes);
}

TEST(decision_sockets, of_who_is_no_sender_any_more_go) {
    CHECK(sockets.keep({0, 64030}).has_value());
    CHECK(sockets.keep({0}).has_value());
    CHECK(DatagramSocket().send(socket_of(64030), allowed) == Sent::nobody_there);
}

TEST(decision_sockets, that_somebody_removed_or_replaced_are_made_anew) {
    CHECK(sockets.keep({0}).has_value());
    CHECK_EQUAL(0, ::unlink(socket_of(0).c_str()));
    CHECK(sockets.keep({0}).has_value());
    CHECK(DatagramSocket().send(socket_of(0), allowed) == Sent::yes);
    DecisionSockets another(directory.path());
    CHECK(another.keep({0}).has_value());
    CHECK(sockets.keep({0}).has_value());
    CHECK(DatagramSocket().send(socket_of(0), denied) == Sent::yes);
    taken.clear();
    take();
    CHECK_EQUAL("0 " + denied, taken.back());
}

TEST(decision_sockets, a_flood_costs_its_sender_counts_and_nobody_waits) {
    CHECK(sockets.keep({0}).has_value());
    const DatagramSocket socket;
    Sent last = Sent::yes;
    for (int i = 0; i < 100000 && last == Sent::yes; ++i) last = socket.send(socket_of(0), allowed);
    CHECK(last == Sent::queue_full);
    take();
    CHECK(!taken.empty());
    CHECK(socket.send(socket_of(0), allowed) == Sent::yes);
}

TEST_GROUP(datagram_socket){};

TEST(datagram_socket, a_path_that_is_too_long_reaches_nobody) {
    CHECK(DatagramSocket().send("/tmp/" + std::string(200, 'x'), "") == Sent::nobody_there);
    CHECK(DatagramSocket().send("/no/such/socket", "") == Sent::nobody_there);
}
