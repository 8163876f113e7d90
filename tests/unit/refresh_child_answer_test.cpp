// SPDX-License-Identifier: Apache-2.0
// What the parent makes of its child's frames: what is written is read, and what a task's answer
// may not have, or not there, is nonsense. The frames themselves: refresh_frames_test.cpp.
#include <CppUTest/TestHarness.h>

#include <cstdint>
#include <random>

#include "tests/unit/support/frames.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

RosterEntry entry(const std::string& login = "alice") {
    RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = "member";
    result.uid = 10001;
    result.uid_source = UidSource::authority;
    return result;
}

FetchSummary summary() {
    FetchSummary result;
    result.outcome = FetchOutcome::complete;
    result.message = "the roster has no admin";
    result.request_id = "req_1";
    result.etag = "\"r7\"";
    result.revision = 7;
    result.left_out = 3;
    result.retry_after = 5s;
    result.was_long_poll = true;
    result.address = "192.0.2.1";
    result.was_answered = true;
    result.needs_port = true;
    return result;
}

// An entry is written when the next frame that must be there at once is.
std::string entry_frame(const RosterEntry& sent = entry()) {
    const std::string note = raw_frame('n', "x");
    auto bytes = frames_of([&](FrameWriter& frames) {
        frames.entry(sent);
        frames.note("x");
    });
    return bytes.substr(0, bytes.size() - note.size());
}

std::string summary_frame() {
    return frames_of([](FrameWriter& frames) { frames.summary(summary()); });
}

std::string not_modified_frame() {
    FetchSummary not_modified;
    not_modified.outcome = FetchOutcome::not_modified;
    return frames_of([&](FrameWriter& frames) { frames.summary(not_modified); });
}

std::string end_frame() {
    return frames_of([](FrameWriter& frames) { frames.end(); });
}

std::string uid_frame() {
    return frames_of([](FrameWriter& frames) { frames.uid("bob", 10002); });
}

bool is_nonsense(const std::string& bytes, ChildTask task = ChildTask::fetch) {
    return receive_bytes(bytes, task).end == PipeEnd::nonsense;
}

std::string finding_frame(Check check = Check::pages) {
    return frames_of([&](FrameWriter& frames) {
        frames.finding(ConformanceResult{check, CheckResult::note, "409"});
    });
}

std::string access_frame(AccessCheck check = AccessCheck::clock) {
    return frames_of([&](FrameWriter& frames) {
        frames.finding(AccessFinding{check, AccessResult::warning, "5 s ahead"});
    });
}

}  // namespace

TEST_GROUP(refresh_child_answer){};

TEST(refresh_child_answer, everything_survives_the_round_trip) {
    RosterEntry second = entry("bob");
    second.uid_source = UidSource::none;
    second.uid = 0;
    second.external = true;
    const auto result = receive_bytes(frames_of([&](FrameWriter& frames) {
        frames.note("asking");
        frames.entry(entry());
        frames.entry(second);
        frames.summary(summary());
        frames.uid("bob", 10002);
        frames.end();
    }));
    CHECK_TRUE(result.end == PipeEnd::complete);
    TEXT_EQUAL("asking|", result.notes);
    LONGS_EQUAL(2, result.received.entries.size());
    CHECK_TRUE(result.received.entries[0] == entry());
    CHECK_TRUE(result.received.entries[1] == second);
    const auto& got = result.received.summary.value();
    CHECK_TRUE(got.outcome == FetchOutcome::complete);
    TEXT_EQUAL("the roster has no admin", got.message);
    TEXT_EQUAL("req_1", got.request_id);
    TEXT_EQUAL("\"r7\"", got.etag);
    LONGS_EQUAL(7, got.revision.value());
    LONGS_EQUAL(3, got.left_out);
    CHECK_TRUE(got.retry_after == Nanoseconds(5s));
    CHECK_TRUE(got.was_long_poll && got.was_answered && got.needs_port);
    TEXT_EQUAL("192.0.2.1", got.address);
    LONGS_EQUAL(1, result.received.uids.size());
    TEXT_EQUAL("bob", result.received.uids[0].first);
    LONGS_EQUAL(10002, result.received.uids[0].second);
}

TEST(refresh_child_answer, what_is_not_there_stays_away) {
    const auto bytes = frames_of([](FrameWriter& frames) { frames.summary(FetchSummary()); });
    const auto got = receive_bytes(bytes).received.summary.value();
    CHECK_FALSE(got.revision.has_value());
    CHECK_FALSE(got.retry_after.has_value());
    CHECK_FALSE(got.was_long_poll);
    CHECK_TRUE(got.outcome == FetchOutcome::no_answer);
    CHECK_TRUE(got.message.empty() && got.request_id.empty() && got.etag.empty());
}

TEST(refresh_child_answer, texts_are_cut_and_control_characters_replaced) {
    FetchSummary long_one = summary();
    long_one.message = "a\nb\x1b" + std::string(5000, 'x');
    long_one.request_id = std::string(5000, 'y');
    long_one.etag = std::string(5000, 'z');
    const auto result = receive_bytes(frames_of([&](FrameWriter& frames) {
        frames.note("n\x7f\t" + std::string(100'000, 'n'));
        frames.summary(long_one);
    }));
    CHECK_TRUE(result.end == PipeEnd::closed);
    const auto& got = result.received.summary.value();
    TEXT_EQUAL("a b x", got.message.substr(0, 5));
    LONGS_EQUAL(600, got.message.size());
    LONGS_EQUAL(600, got.request_id.size());
    TEXT_EQUAL("", got.etag);  // cut, it would stand for another roster
    TEXT_EQUAL("n  n", result.notes.substr(0, 4));
    LONGS_EQUAL(601, result.notes.size());
}

TEST(refresh_child_answer, each_truncation_gives_what_was_whole) {
    const auto one = entry_frame();
    const auto with_summary = one + summary_frame();
    const auto all = with_summary + uid_frame();
    for (std::size_t length = 0; length < all.size(); ++length) {
        const auto result = receive_bytes(all.substr(0, length));
        CHECK_TRUE(result.end == PipeEnd::closed);
        LONGS_EQUAL(length >= one.size() ? 1 : 0, result.received.entries.size());
        LONGS_EQUAL(length >= with_summary.size(), result.received.summary.has_value());
        LONGS_EQUAL(0, result.received.uids.size());
    }
}

TEST(refresh_child_answer, any_order_but_its_own_is_nonsense) {
    const auto one = entry_frame();
    const auto end = summary_frame();
    const auto uid = uid_frame();
    CHECK_FALSE(is_nonsense(one + one + end + uid + uid));
    CHECK_TRUE(is_nonsense(end + one));
    CHECK_TRUE(is_nonsense(end + end));
    CHECK_TRUE(is_nonsense(uid));
    CHECK_TRUE(is_nonsense(uid + end));
    CHECK_TRUE(is_nonsense(one + uid + end));
    CHECK_TRUE(is_nonsense(one + end + uid + end));
    CHECK_TRUE(is_nonsense(one + end + uid + one));
}

TEST(refresh_child_answer, an_end_follows_a_summary_and_nothing_follows_an_end) {
    const auto one = entry_frame();
    const auto end = summary_frame();
    CHECK_TRUE(receive_bytes(one + end + end_frame()).end == PipeEnd::complete);
    CHECK_TRUE(receive_bytes(one + end).end == PipeEnd::closed);
    CHECK_TRUE(is_nonsense(end_frame()));
    CHECK_TRUE(is_nonsense(one + end_frame()));
    for (const auto& more : {one, end, uid_frame(), end_frame(), raw_frame('n', "x")})
        CHECK_TRUE(is_nonsense(one + end + end_frame() + more));
}

TEST(refresh_child_answer, a_restart_forgets_the_entries_but_not_those_that_follow) {
    const auto restart = raw_frame('r', "");
    RosterEntry second = entry("bob");
    const auto result = receive_bytes(entry_frame() + entry_frame() + restart +
                                      entry_frame(second) + summary_frame());
    LONGS_EQUAL(1, result.received.entries.size());
    CHECK_TRUE(result.received.entries[0] == second);
    CHECK_TRUE(is_nonsense(entry_frame() + summary_frame() + restart));
}

TEST(refresh_child_answer, frames_of_another_kind_are_nonsense) {
    for (int kind = 0; kind < 256; ++kind) {
        const char c = static_cast<char>(kind);
        if (c == 'n') continue;
        CHECK_TRUE(c == 'r' || is_nonsense(raw_frame(c, "")));
        CHECK_TRUE(is_nonsense(raw_frame(c, std::string(65'535, 'x'))));
        CHECK_TRUE(is_nonsense(summary_frame() + raw_frame(c, "xxxx")));
    }
    CHECK_FALSE(is_nonsense(raw_frame('n', "a note")));
    CHECK_TRUE(is_nonsense(raw_frame('n', "a\nnote")));
    CHECK_TRUE(is_nonsense(raw_frame('n', "\x1b[2J")));
}

TEST(refresh_child_answer, each_changed_bit_of_an_entry_is_noticed) {
    const auto good = entry_frame();
    for (std::size_t i = 3; i < good.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
            CHECK_TRUE(is_nonsense(bad));
        }
}

TEST(refresh_child_answer, an_entry_that_no_roster_may_have_is_nonsense) {
    RosterEntry bad = entry();
    bad.login = "../x";
    CHECK_TRUE(is_nonsense(entry_frame(bad)));
    bad = entry();
    bad.role = "a\nb";
    CHECK_TRUE(is_nonsense(entry_frame(bad)));
    bad = entry();
    bad.uid = 4294967295U;
    CHECK_TRUE(is_nonsense(entry_frame(bad)));
}

TEST(refresh_child_answer, a_uid_belongs_to_a_login) {
    const auto end = not_modified_frame();
    const auto frame = [](uid_t uid, const std::string& login) {
        return raw_frame('u', std::string(reinterpret_cast<const char*>(&uid), sizeof uid) + login);
    };
    CHECK_FALSE(is_nonsense(end + frame(10001, "alice")));
    for (const auto* login : {"", "10001", "a b", "../x"})
        CHECK_TRUE(is_nonsense(end + frame(10001, login)));
    CHECK_TRUE(is_nonsense(end + frame(10001, std::string(33, 'x'))));
    CHECK_TRUE(is_nonsense(end + raw_frame('u', "abc")));
}

TEST(refresh_child_answer, more_uids_than_entries_are_nonsense) {
    CHECK_FALSE(is_nonsense(entry_frame() + summary_frame() + uid_frame()));
    CHECK_TRUE(is_nonsense(entry_frame() + summary_frame() + uid_frame() + uid_frame()));
    CHECK_FALSE(is_nonsense(not_modified_frame() + uid_frame() + uid_frame()));
}

TEST(refresh_child_answer, each_changed_byte_of_a_summary_is_noticed_or_harmless) {
    const auto good = summary_frame();
    for (std::size_t i = 3; i < good.size(); ++i)
        for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
            auto bad = good;
            bad[i] = static_cast<char>(value);
            const auto result = receive_bytes(bad);
            if (result.end == PipeEnd::nonsense) continue;
            const auto& got = result.received.summary.value();
            CHECK_TRUE(got.outcome <= FetchOutcome::our_fault);
            CHECK_TRUE(got.revision.value_or(0) >= 0);
        }
}

TEST(refresh_child_answer, garbage_is_nonsense_and_crashes_nothing) {
    std::mt19937 random(20261124);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 600, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        if (round % 2 == 0 && bytes.size() > 3) {
            bytes[0] = "esunca"[random() % 6];
            const auto length = static_cast<std::uint16_t>(bytes.size() - 3);
            bytes.replace(1, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
        }
        const auto result = receive_bytes(bytes);
        LONGS_EQUAL(0, result.received.entries.size());
    }
}

TEST(refresh_child_answer, the_findings_of_a_check_arrive_in_order) {
    const auto result = receive_bytes(
        finding_frame() + finding_frame(Check::answer) + summary_frame() + end_frame(),
        ChildTask::conformance);
    CHECK_TRUE(result.end == PipeEnd::complete);
    const auto& findings = result.received.conformance;
    LONGS_EQUAL(2, findings.size());
    CHECK_TRUE(findings[0].check == Check::pages && findings[0].result == CheckResult::note);
    TEXT_EQUAL("409", findings[0].got);
    CHECK_TRUE(findings[1].check == Check::answer);
    const auto access =
        receive_bytes(access_frame() + summary_frame() + end_frame(), ChildTask::access_check);
    CHECK_TRUE(access.end == PipeEnd::complete);
    LONGS_EQUAL(1, access.received.access.size());
    CHECK_TRUE(access.received.access[0].check == AccessCheck::clock);
    CHECK_TRUE(access.received.access[0].result == AccessResult::warning);
    TEXT_EQUAL("5 s ahead", access.received.access[0].what);
}

TEST(refresh_child_answer, each_task_has_its_own_frames) {
    const auto note = raw_frame('n', "x");
    for (const auto& frame : {finding_frame(), access_frame()}) CHECK_TRUE(is_nonsense(frame));
    for (const auto& frame : {entry_frame(), note, raw_frame('r', ""), access_frame()})
        CHECK_TRUE(is_nonsense(frame, ChildTask::conformance));
    for (const auto& frame : {entry_frame(), note, raw_frame('r', ""), finding_frame()})
        CHECK_TRUE(is_nonsense(frame, ChildTask::access_check));
    for (const auto& frame : {entry_frame(), note, finding_frame(), access_frame()})
        CHECK_TRUE(is_nonsense(frame, ChildTask::last_seen));
    for (const auto task : {ChildTask::conformance, ChildTask::access_check, ChildTask::last_seen})
        CHECK_TRUE(is_nonsense(not_modified_frame() + uid_frame(), task));
}

TEST(refresh_child_answer, a_check_is_made_once_and_before_the_summary) {
    CHECK_TRUE(is_nonsense(finding_frame() + finding_frame(), ChildTask::conformance));
    CHECK_TRUE(is_nonsense(access_frame() + access_frame(), ChildTask::access_check));
    CHECK_TRUE(is_nonsense(summary_frame() + finding_frame(), ChildTask::conformance));
    CHECK_TRUE(is_nonsense(summary_frame() + access_frame(), ChildTask::access_check));
}

TEST(refresh_child_answer, no_text_shows_the_token) {
    const std::string token = "key-0123456789";
    FetchSummary echo = summary();
    echo.message = echo.request_id = echo.etag = "a " + token + token;
    const auto hidden = [&](const auto& use) {
        return frames_of([&](FrameWriter& frames) {
            frames.hide(token);
            use(frames);
        });
    };
    const std::string all =
        hidden([&](FrameWriter& frames) { frames.note(token); }) + hidden([&](FrameWriter& frames) {
            frames.finding(ConformanceResult{Check::etag, CheckResult::pass, token});
        }) +
        hidden([&](FrameWriter& frames) {
            frames.finding(AccessFinding{AccessCheck::token, AccessResult::failure, token});
        }) +
        hidden([&](FrameWriter& frames) { frames.summary(echo); });
    CHECK_TRUE(all.find(token) == all.npos);
    TEXT_CONTAINS("a (hidden)(hidden)", all.substr(all.rfind("a (hidden)")));
}

TEST(refresh_child_answer, a_short_token_is_found_in_any_text) {
    TEXT_CONTAINS("secrets", frames_of([](FrameWriter& frames) {
                                 frames.hide("secret");
                                 frames.note("secrets");
                             }).substr(3));
}
