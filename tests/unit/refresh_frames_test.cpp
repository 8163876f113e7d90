// SPDX-License-Identifier: Apache-2.0
// The frames of the unprivileged child as bytes: each survives its encoding, and one that is
// truncated, too long, unknown or out of range is refused.
#include <CppUTest/TestHarness.h>

#include <vector>

#include "tests/unit/support/frames.h"
#include "tests/unit/support/texts.h"

using namespace together;

namespace {

RosterEntry an_entry() {
    RosterEntry entry;
    entry.login = "alice";
    entry.user_id = "user_1";
    entry.role = "member";
    return entry;
}

// One of each kind.
std::vector<std::string> one_of_each() {
    return {encode_frame(an_entry()),
            encode_frame(SshKey{"alice", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"}),
            encode_frame(RosterGroup{"p-lab", 20000, {}}),
            encode_frame(RestartFrame{}),
            encode_frame(NoteFrame{"> GET https://x"}),
            encode_frame(ConformanceResult{Check::etag, CheckResult::fail, "none"}),
            encode_frame(AccessFinding{AccessCheck::tls, AccessResult::ok, "TLS"}),
            encode_frame(failed_fetch(FetchOutcome::no_answer, "503")),
            encode_frame(UidFrame{"alice", 10001}),
            encode_frame(ElsewhereFrame{"alice", 5000}),
            encode_frame(GroupElsewhereFrame{"staff", 5000}),
            encode_frame(AskedFrame{"alice"}),
            encode_frame(EndFrame{})};
}

bool is_malformed(const std::string& bytes) {
    const auto frame = decode_frame(bytes);
    return !frame && frame.error() == NoFrame::malformed;
}

bool is_incomplete(std::string_view bytes) {
    const auto frame = decode_frame(bytes);
    return !frame && frame.error() == NoFrame::incomplete;
}

template <class Kind>
Kind decoded(const std::string& bytes) {
    return std::get<Kind>(decode_frame(bytes).value().frame);
}

std::string finding(int check, int result, const std::string& text = "x") {
    return std::string{static_cast<char>(check), static_cast<char>(result)} + text;
}

}  // namespace

TEST_GROUP(refresh_frames){};

TEST(refresh_frames, each_kind_is_decoded_as_what_it_was) {
    const auto frames = one_of_each();
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto frame = decode_frame(frames[i]);
        CHECK_TRUE(frame.has_value());
        LONGS_EQUAL(i, frame->frame.index());
        LONGS_EQUAL(frames[i].size(), frame->size);
    }
    CHECK_TRUE(decoded<RosterEntry>(frames[0]) == an_entry());
    TEXT_EQUAL("> GET https://x", decoded<NoteFrame>(frames[4]).text);
    TEXT_EQUAL("alice", decoded<UidFrame>(frames[8]).login);
    LONGS_EQUAL(10001, decoded<UidFrame>(frames[8]).uid);
}

TEST(refresh_frames, what_follows_a_frame_is_not_of_it) {
    for (const auto& frame : one_of_each())
        LONGS_EQUAL(frame.size(), decode_frame(frame + "garbage").value().size);
}

TEST(refresh_frames, a_truncated_one_is_incomplete) {
    for (const auto& frame : one_of_each())
        for (std::size_t size = 0; size < frame.size(); ++size)
            CHECK_TRUE(is_incomplete(std::string_view(frame).substr(0, size)));
}

TEST(refresh_frames, a_payload_that_is_cut_short_is_refused) {
    for (const char kind : {'e', 'k', 'g', 'c', 'a', 's', 'u', 'o'}) {
        CHECK_TRUE(is_malformed(raw_frame(kind, "")));
        CHECK_TRUE(is_malformed(raw_frame(kind, "\x01")));
    }
}

TEST(refresh_frames, one_that_is_too_long_is_refused_by_its_head) {
    for (const auto& frame : one_of_each()) {
        CHECK_TRUE(is_malformed(raw_frame(frame[0], std::string(65'535, 'x')).substr(0, 3)));
        CHECK_FALSE(is_malformed(frame.substr(0, 3)));
    }
    CHECK_FALSE(is_malformed(raw_frame('n', std::string(max_frame_text, 'x'))));
    CHECK_TRUE(is_malformed(raw_frame('n', std::string(max_frame_text + 1, 'x'))));
    for (const char kind : {'r', '.'}) CHECK_TRUE(is_malformed(raw_frame(kind, "x")));
}

TEST(refresh_frames, an_unknown_kind_is_refused_by_its_head) {
    std::string known;
    for (const auto& frame : one_of_each()) known += frame[0];
    for (int kind = 0; kind < 256; ++kind) {
        const char c = static_cast<char>(kind);
        if (known.find(c) != known.npos) continue;
        CHECK_TRUE(is_malformed(raw_frame(c, "").substr(0, 3)));
        CHECK_TRUE(is_malformed(raw_frame(c, "xx").substr(0, 3)));
    }
}

TEST(refresh_frames, each_finding_of_api_check_survives) {
    for (std::size_t i = 0; i < number_of_checks; ++i)
        for (std::size_t j = 0; j < number_of_results; ++j) {
            const ConformanceResult sent{static_cast<Check>(i), static_cast<CheckResult>(j), "x"};
            const auto got = decoded<ConformanceResult>(encode_frame(sent));
            CHECK_TRUE(got.check == sent.check && got.result == sent.result && got.got == "x");
        }
}

TEST(refresh_frames, each_finding_of_check_access_survives) {
    for (std::size_t i = 0; i < number_of_access_checks; ++i)
        for (std::size_t j = 0; j < number_of_access_results; ++j) {
            const AccessFinding sent{static_cast<AccessCheck>(i), static_cast<AccessResult>(j), ""};
            const auto got = decoded<AccessFinding>(encode_frame(sent));
            CHECK_TRUE(got.check == sent.check && got.result == sent.result && got.what.empty());
        }
}

TEST(refresh_frames, a_finding_out_of_range_is_refused) {
    const auto checks = static_cast<int>(number_of_checks);
    const auto results = static_cast<int>(number_of_results);
    CHECK_FALSE(is_malformed(raw_frame('c', finding(checks - 1, results - 1))));
    CHECK_TRUE(is_malformed(raw_frame('c', finding(checks, 0))));
    CHECK_TRUE(is_malformed(raw_frame('c', finding(0, results))));
    CHECK_TRUE(is_malformed(raw_frame('c', finding(-1, 0))));
    const auto access_checks = static_cast<int>(number_of_access_checks);
    const auto access_results = static_cast<int>(number_of_access_results);
    CHECK_FALSE(is_malformed(raw_frame('a', finding(access_checks - 1, access_results - 1))));
    CHECK_TRUE(is_malformed(raw_frame('a', finding(access_checks, 0))));
    CHECK_TRUE(is_malformed(raw_frame('a', finding(0, access_results))));
    CHECK_TRUE(is_malformed(raw_frame('a', finding(0, -1))));
}

TEST(refresh_frames, a_finding_is_fit_for_a_line_of_columns) {
    // They are printed between tabs, and read again by togetherctl.
    for (const char kind : {'c', 'a'})
        for (const char* text : {"a\tb", "a\nb", "\x1b[2J", "\x7f", "\xc2\x9b"})
            CHECK_TRUE(is_malformed(raw_frame(kind, finding(0, 0, text))));
    const ConformanceResult sent{Check::etag, CheckResult::pass, "a\tb\n" + std::string(5000, 'x')};
    const auto got = decoded<ConformanceResult>(encode_frame(sent)).got;
    TEXT_EQUAL("a b x", got.substr(0, 5));
    LONGS_EQUAL(max_frame_text, got.size());
}

TEST(refresh_frames, a_summary_out_of_range_is_refused) {
    const auto good = encode_frame(failed_fetch(FetchOutcome::no_answer, "503"));
    const auto with_byte = [&](std::size_t at, char byte) {
        auto bad = good;
        bad[3 + at] = byte;
        return bad;
    };
    CHECK_TRUE(is_malformed(with_byte(0, static_cast<char>(FetchOutcome::stopped))));
    for (std::size_t flag = 1; flag <= 5; ++flag) {
        CHECK_FALSE(is_malformed(with_byte(flag, 1)));
        CHECK_TRUE(is_malformed(with_byte(flag, 2)));
    }
    FetchSummary negative;
    negative.revision = -1;
    CHECK_TRUE(is_malformed(encode_frame(negative)));
    negative = {};
    negative.retry_after = Nanoseconds(-1);
    CHECK_TRUE(is_malformed(encode_frame(negative)));
}
