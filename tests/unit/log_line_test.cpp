// SPDX-License-Identifier: Apache-2.0
// The log line of a decision: its fields in their order, one line whatever a client called itself.
#include "common/decision/log_line.h"

#include <CppUTest/TestHarness.h>

#include <cstdint>

#include "tests/unit/support/decisions.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(log_line) {
    CallOrigin origin{"sshd", "192.0.2.7", 4711, 42};

    std::string line(const Decision& decision) const {
        return log_line(decision, origin);
    }
    std::string field(const std::string& value) const {
        std::string text;
        append_field(text, "key", value);
        return text;
    }
};

TEST(log_line, has_its_fields_in_their_order) {
    TEXT_EQUAL(
        "login=alice uid=10001 service=sshd rhost=192.0.2.7 pid=4711 action=ssh.login "
        "verdict=allow reason=role_permits role=member project=proj_a revision=7 age=3.4s "
        "took_us=42 evidence=fresh",
        line(decided(Reason::role_permits)));
}

TEST(log_line, has_a_dash_for_what_is_unknown) {
    origin = {};
    TEXT_EQUAL(
        "login=- uid=- service=- rhost=- pid=0 action=ssh.login verdict=unavailable "
        "reason=configuration role=- project=- revision=- age=- took_us=0 evidence=none",
        line(Decision()));
}

TEST(log_line, says_what_observe_would_have_done) {
    auto decision = decided(Reason::not_a_collaborator);
    decision.would = decision.verdict;
    decision.verdict = Verdict::allow;
    TEXT_CONTAINS(" verdict=allow reason=not_a_collaborator ", line(decision));
    TEXT_CONTAINS(" evidence=fresh would=deny", line(decision));
    decision.would = Verdict::unavailable;
    TEXT_CONTAINS(" would=unavailable", line(decision));
}

TEST(log_line, says_of_each_admission_until_when_and_why) {
    auto decision = decided(Reason::admitted);
    decision.admitted_until = std::int64_t{1795498258} * 1'000'000'000;
    decision.detail = "on call";
    TEXT_CONTAINS(" reason=admitted ", line(decision));
    TEXT_CONTAINS(" evidence=fresh admitted_until=2026-11-24T05:30:58Z detail=\"on call\"",
                  line(decision));
}

TEST(log_line, says_both_uids_where_they_differ) {
    auto decision = decided(Reason::role_permits);
    decision.node_uid = 20001;
    CHECK_TRUE(line(decision).find("node_uid") == std::string::npos);
    decision.reason = Reason::uid_differs;
    TEXT_CONTAINS("uid=10001 ", line(decision));
    TEXT_CONTAINS(" node_uid=20001", line(decision));
}

TEST(log_line, ends_with_the_particulars) {
    auto decision = decided(Reason::no_roster);
    decision.detail = "cannot open /var/cache/together/x";
    decision.refresh_problem = "no answer";
    CHECK_TRUE(line(decision).ends_with(
        " detail=\"cannot open /var/cache/together/x\" refresh=\"no answer\""));
}

TEST(log_line, says_that_an_age_is_uncertain) {
    auto decision = decided(Reason::role_permits);
    decision.age_uncertain = true;
    TEXT_CONTAINS(" age=uncertain ", line(decision));
}

TEST(log_line, keeps_the_role_as_the_authority_wrote_it) {
    auto decision = decided(Reason::unknown_role);
    decision.role.reset();
    decision.role_text = "chief officer";
    TEXT_CONTAINS(" role=\"chief officer\" ", line(decision));
}

TEST(log_line, is_one_line_whatever_a_client_called_itself) {
    auto decision = decided(Reason::not_a_collaborator);
    decision.login = "x\nverdict=allow login=root";
    origin.rhost = "evil\r\n\" verdict=allow";
    origin.service = "a\tb";
    const auto text = line(decision);
    TEXT_CONTAINS("login=\"x\\x0averdict=allow login=root\" ", text);
    TEXT_CONTAINS(" rhost=\"evil\\x0d\\x0a\\\" verdict=allow\" ", text);
    TEXT_CONTAINS(" service=\"a\\x09b\" ", text);
    for (const char c : text) CHECK_TRUE(c >= ' ' && c < '\x7f');
}

TEST(log_line, quotes_what_is_not_plain) {
    TEXT_EQUAL("key=-", field(""));
    TEXT_EQUAL("key=\"-\"", field("-"));
    TEXT_EQUAL("key=a.b-c_d:e/f@g+h,i%j", field("a.b-c_d:e/f@g+h,i%j"));
    TEXT_EQUAL("key=\"a b\"", field("a b"));
    TEXT_EQUAL("key=\"a=b\"", field("a=b"));
    TEXT_EQUAL("key=\"say \\\"x\\\"\"", field("say \"x\""));
    TEXT_EQUAL("key=\"back\\\\slash\"", field("back\\slash"));
    TEXT_EQUAL("key=\"\\\\x0a\"", field("\\x0a"));
}

TEST(log_line, escapes_every_byte_that_is_not_printable_ascii) {
    constexpr char digits[] = "0123456789abcdef";
    for (int byte = 0; byte < 256; ++byte) {
        const auto text = field(std::string(1, static_cast<char>(byte)));
        if (byte >= ' ' && byte < 0x7f) continue;
        TEXT_EQUAL(std::string("key=\"\\x") + digits[byte / 16] + digits[byte % 16] + "\"", text);
    }
    TEXT_EQUAL("key=\"K\\xc3\\xa4the\"", field("K\xc3\xa4the"));
    TEXT_EQUAL("key=\"\\x1b[2J\"", field("\x1b[2J"));
}

TEST(log_line, tells_a_fields_end_from_its_value) {
    // Read back: unquote, unescape, and the same value comes out for any value.
    for (const std::string value : {"a\" b=\"c", "\\\"", "\\", "\"", " ", "a\\", "\\\\\""}) {
        const auto text = field(value);
        std::string read;
        CHECK_TRUE(text.starts_with("key=\"") && text.ends_with('"'));
        for (std::size_t i = 5; i + 1 < text.size(); ++i) {
            CHECK_TRUE(text[i] != '"');
            if (text[i] == '\\') ++i;
            read += text[i];
        }
        TEXT_EQUAL(value, read);
    }
}

TEST(log_line, separates_fields_by_one_blank) {
    std::string text;
    append_field(text, "a", "1");
    append_field(text, "b", "");
    append_field(text, "c", "x y");
    TEXT_EQUAL("a=1 b=- c=\"x y\"", text);
}
