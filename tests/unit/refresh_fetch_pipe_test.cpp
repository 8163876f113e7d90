// SPDX-License-Identifier: Apache-2.0
// The frames between the unprivileged child and its parent: what is written is read, what makes no
// sense is nonsense, and nothing holds the parent past its deadline.
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
    auto bytes = frames_of([&](PipeSink& sink) {
        sink.entry(sent);
        sink.note("x");
    });
    return bytes.substr(0, bytes.size() - note.size());
}

std::string summary_frame() {
    return frames_of([](PipeSink& sink) { sink.summary(summary()); });
}

std::string not_modified_frame() {
    FetchSummary not_modified;
    not_modified.outcome = FetchOutcome::not_modified;
    return frames_of([&](PipeSink& sink) { sink.summary(not_modified); });
}

std::string end_frame() {
    return frames_of([](PipeSink& sink) { sink.end(); });
}

std::string uid_frame() {
    return frames_of([](PipeSink& sink) { sink.uid("bob", 10002); });
}

bool is_nonsense(const std::string& bytes) {
    return receive_bytes(bytes).end == PipeEnd::nonsense;
}

}  // namespace

TEST_GROUP(refresh_fetch_pipe){};

TEST(refresh_fetch_pipe, everything_survives_the_round_trip) {
    RosterEntry second = entry("bob");
    second.uid_source = UidSource::none;
    second.uid = 0;
    second.external = true;
    const auto result = receive_bytes(frames_of([&](PipeSink& sink) {
        sink.note("asking");
        sink.entry(entry());
        sink.entry(second);
        sink.summary(summary());
        sink.uid("bob", 10002);
        sink.end();
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

TEST(refresh_fetch_pipe, what_is_not_there_stays_away) {
    const auto bytes = frames_of([](PipeSink& sink) { sink.summary(FetchSummary()); });
    const auto got = receive_bytes(bytes).received.summary.value();
    CHECK_FALSE(got.revision.has_value());
    CHECK_FALSE(got.retry_after.has_value());
    CHECK_FALSE(got.was_long_poll);
    CHECK_TRUE(got.outcome == FetchOutcome::no_answer);
    CHECK_TRUE(got.message.empty() && got.request_id.empty() && got.etag.empty());
}

TEST(refresh_fetch_pipe, texts_are_cut_and_control_characters_replaced) {
    FetchSummary long_one = summary();
    long_one.message = "a\nb\x1b" + std::string(5000, 'x');
    long_one.request_id = std::string(5000, 'y');
    long_one.etag = std::string(5000, 'z');
    const auto result = receive_bytes(frames_of([&](PipeSink& sink) {
        sink.note("n\x7f\t" + std::string(100'000, 'n'));
        sink.summary(long_one);
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

TEST(refresh_fetch_pipe, each_truncation_gives_what_was_whole) {
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

TEST(refresh_fetch_pipe, any_order_but_its_own_is_nonsense) {
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

TEST(refresh_fetch_pipe, an_end_follows_a_summary_and_nothing_follows_an_end) {
    const auto one = entry_frame();
    const auto end = summary_frame();
    CHECK_TRUE(receive_bytes(one + end + end_frame()).end == PipeEnd::complete);
    CHECK_TRUE(receive_bytes(one + end).end == PipeEnd::closed);
    CHECK_TRUE(is_nonsense(end_frame()));
    CHECK_TRUE(is_nonsense(one + end_frame()));
    for (const auto& more : {one, end, uid_frame(), end_frame(), raw_frame('n', "x")})
        CHECK_TRUE(is_nonsense(one + end + end_frame() + more));
}

TEST(refresh_fetch_pipe, a_restart_forgets_the_entries_but_not_those_that_follow) {
    const auto restart = raw_frame('r', "");
    RosterEntry second = entry("bob");
    const auto result = receive_bytes(entry_frame() + entry_frame() + restart +
                                      entry_frame(second) + summary_frame());
    LONGS_EQUAL(1, result.received.entries.size());
    CHECK_TRUE(result.received.entries[0] == second);
    CHECK_TRUE(is_nonsense(entry_frame() + summary_frame() + restart));
}

TEST(refresh_fetch_pipe, frames_of_another_kind_are_nonsense) {
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

TEST(refresh_fetch_pipe, each_changed_bit_of_an_entry_is_noticed) {
    const auto good = entry_frame();
    for (std::size_t i = 3; i < good.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
            CHECK_TRUE(is_nonsense(bad));
        }
}

TEST(refresh_fetch_pipe, an_entry_that_no_roster_may_have_is_nonsense) {
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

TEST(refresh_fetch_pipe, a_uid_belongs_to_a_login) {
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

TEST(refresh_fetch_pipe, more_uids_than_entries_are_nonsense) {
    CHECK_FALSE(is_nonsense(entry_frame() + summary_frame() + uid_frame()));
    CHECK_TRUE(is_nonsense(entry_frame() + summary_frame() + uid_frame() + uid_frame()));
    CHECK_FALSE(is_nonsense(not_modified_frame() + uid_frame() + uid_frame()));
}

TEST(refresh_fetch_pipe, each_changed_byte_of_a_summary_is_noticed_or_harmless) {
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

TEST(refresh_fetch_pipe, garbage_is_nonsense_and_crashes_nothing) {
    std::mt19937 random(20261124);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 600, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        if (round % 2 == 0 && bytes.size() > 3) {
            bytes[0] = "esun"[random() % 4];
            const auto length = static_cast<std::uint16_t>(bytes.size() - 3);
            bytes.replace(1, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
        }
        const auto result = receive_bytes(bytes);
        LONGS_EQUAL(0, result.received.entries.size());
    }
}
