// SPDX-License-Identifier: Apache-2.0
// api-check's table: what each check came to, and what all of them come to.
#include <CppUTest/TestHarness.h>

#include <set>

#include "tests/unit/support/texts.h"
#include "together_refresh/probe/conformance.h"

using namespace together;

namespace {

std::vector<ConformanceResult> all_of(CheckResult result) {
    std::vector<ConformanceResult> findings;
    for (std::size_t i = 0; i < number_of_checks; ++i)
        findings.push_back({static_cast<Check>(i), result, "x"});
    return findings;
}

bool comes_to(Conformance expected, std::vector<CheckResult> results) {
    auto findings = all_of(CheckResult::pass);
    for (std::size_t i = 0; i < results.size(); ++i) findings[i].result = results[i];
    return conformance_of(findings) == expected;
}

}  // namespace

TEST_GROUP(refresh_conformance){};

TEST(refresh_conformance, each_check_has_a_name_and_says_why) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < number_of_checks; ++i) {
        const auto& text = text_of(static_cast<Check>(i));
        CHECK_TRUE(names.insert(text.name).second);
        CHECK_FALSE(text.name.empty() || text.expected.empty() || text.why.empty());
        // They are columns of a line.
        for (const auto part : {text.name, text.expected, text.why})
            CHECK_TRUE(part.find_first_of("\t\n") == part.npos);
    }
}

TEST(refresh_conformance, what_was_not_reached_is_skipped) {
    const auto all = all_checks({{Check::status, CheckResult::unknown, "503"}});
    LONGS_EQUAL(number_of_checks, all.size());
    CHECK_TRUE(all[0].check == Check::answer && all[0].result == CheckResult::skipped);
    CHECK_TRUE(all[1].check == Check::status && all[1].result == CheckResult::unknown);
}

TEST(refresh_conformance, is_a_failure_before_it_is_a_doubt) {
    using enum CheckResult;
    CHECK_TRUE(comes_to(Conformance::conforms, {}));
    CHECK_TRUE(comes_to(Conformance::conforms, {note, note}));
    CHECK_TRUE(comes_to(Conformance::cannot_tell, {pass, unknown}));
    CHECK_TRUE(comes_to(Conformance::cannot_tell, {pass, skipped}));
    CHECK_TRUE(comes_to(Conformance::does_not, {skipped, fail, unknown}));
}
