// SPDX-License-Identifier: Apache-2.0
// docs/decision-table.md against the code: every row by a gate that is driven into it, the order of
// the rows by gates to which two of them apply.
#include <CppUTest/TestHarness.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "common/system/utc.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

struct Row {
    std::string condition;
    std::string verdict;
    std::string reason;
};

std::string trimmed(const std::string& text, const char* what) {
    const auto first = text.find_first_not_of(what);
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(what) - first + 1);
}

// Of the tables under that heading.
std::vector<Row> rows_under(const std::string& heading) {
    std::vector<Row> rows;
    std::istringstream document(read_file(TOGETHER_SOURCE_DIR "/docs/decision-table.md"));
    std::string current;
    for (std::string line; std::getline(document, line);) {
        if (line.starts_with("## ")) current = line.substr(3);
        if (current != heading || !line.starts_with("| ") || line.starts_with("| ---")) continue;
        std::istringstream cells(line.substr(1));
        Row row;
        for (auto* cell : {&row.condition, &row.verdict, &row.reason}) {
            std::getline(cells, *cell, '|');
            *cell = trimmed(*cell, " `");
        }
        if (row.condition != "condition") rows.push_back(row);
    }
    return rows;
}

const std::vector<Row>& rows() {
    static const auto result = rows_under("Rows");
    return result;
}

// What must be so for a condition to apply. Two conditions exclude each other where they want
// something to be different.
using Facts = std::map<std::string, std::string>;

const std::map<std::string, Facts> conditions = {
    {"the subject is root", {{"subject", "root"}, {"uid", "0"}}},
    {"the configuration is missing or wrong", {{"configuration", "broken"}}},
    {"the subject is exempt", {{"exempt", "yes"}}},
    {"a lockdown is in force", {{"lockdown", "yes"}}},
    {"the subject is admitted", {{"admitted", "yes"}}},
    {"there is no usable roster", {{"roster", "damaged"}}},
    {"the roster is too old", {{"age", "25h"}}},
    {"this node cannot take a newer roster", {{"attempt", "node_fault"}}},
    {"an absent uid's name is not known yet",
     {{"by", "uid"}, {"listed", "no"}, {"without_uid", "yes"}, {"name_service", "asking"}}},
    {"an absent uid's name cannot be looked up",
     {{"by", "uid"}, {"listed", "no"}, {"without_uid", "yes"}, {"name_service", "broken"}}},
    {"the subject is not on the roster", {{"listed", "no"}}},
    {"two entries share the login", {{"listed", "yes"}, {"login_twice", "yes"}}},
    {"two entries share the uid", {{"listed", "yes"}, {"uid_twice", "yes"}}},
    {"a listed login's uid cannot be looked up",
     {{"by", "login"}, {"listed", "yes"}, {"name_service", "broken"}}},
    {"a listed login has no account",
     {{"by", "login"}, {"listed", "yes"}, {"name_service", "works"}, {"account", "none"}}},
    {"a listed login has another uid here",
     {{"by", "login"}, {"listed", "yes"}, {"name_service", "works"}, {"account", "other"}}},
    {"the uid is below min_uid", {{"listed", "yes"}, {"uid", "500"}}},
    {"the role is unknown", {{"listed", "yes"}, {"role", "owner"}}},
    {"the role does not permit the action", {{"listed", "yes"}, {"action", "clusters.create"}}},
    {"an admin is required", {{"listed", "yes"}, {"require", "admin"}}},
    {"the role permits the action",
     {{"listed", "yes"}, {"role", "member"}, {"action", "ssh.login"}}},
};

// Of a name from Kubernetes or HTTP: what differs from the conditions above.
const std::map<std::string, Facts> conditions_of_a_name = {
    {"the subject is root", {{"subject", "root"}, {"listed", "no"}}},
    {"the subject is exempt", {{"exempt", "yes"}, {"listed", "no"}}},
    {"the subject is admitted, to what an Admin may do",
     {{"admitted", "yes"}, {"listed", "no"}, {"action", "clusters.scale"}}},
    {"a listed login's uid cannot be looked up", {{"listed", "yes"}, {"name_service", "broken"}}},
    {"a listed login has no account", {{"listed", "yes"}, {"account", "none"}}},
    {"a listed login has another uid here", {{"listed", "yes"}, {"account", "other"}}},
};

// Neighbours that exclude each other, so that no situation tells their order.
const std::set<std::pair<std::string, std::string>> exclude_each_other = {
    {"an absent uid's name is not known yet", "an absent uid's name cannot be looked up"},
    {"the subject is not on the roster", "two entries share the login"},
    {"a listed login's uid cannot be looked up", "a listed login has no account"},
    {"a listed login has no account", "a listed login has another uid here"},
};

const Facts& facts_of(const std::string& condition) {
    const auto found = conditions.find(condition);
    if (found == conditions.end())
        FAIL(("the test knows no condition \"" + condition + "\"").c_str());
    return found->second;
}

std::optional<Facts> both(Facts facts, const Facts& more) {
    for (const auto& [key, value] : more)
        if (facts.try_emplace(key, value).first->second != value) return std::nullopt;
    return facts;
}

// A gate in a world where these facts hold and nothing else is wrong.
class Situation : public GateTest {
  public:
    explicit Situation(Facts facts) : facts_(std::move(facts)) {
        if (is("subject", "root")) login_ = "root", uid_ = 0;
        if (is("uid", "500")) uid_ = 500;
        arrange_files();
        arrange_accounts();
        arrange_roster();
        if (is("attempt", "node_fault")) {
            refresher.node_fault = true;
            clock.tick(16min);
        }
        if (is("age", "25h")) clock.tick(25h);
    }

    Decision decide_it() {
        Question question{subject()};
        if (const auto action = facts_.find("action"); action != facts_.end())
            question.action = action_named(action->second).value();
        question.require_admin = is("require", "admin");
        if (!is("configuration", "broken")) return decide(question);
        return Gate(failure("a wrong key"), clock, accounts, refresher).decide(question);
    }

  private:
    bool is(const std::string& key, const std::string& value) const {
        const auto found = facts_.find(key);
        return found != facts_.end() && found->second == value;
    }

    Subject subject() const {
        if (is("by", "uid")) return Subject::of_uid(uid_);
        return is("by", "name") ? Subject::of_name(login_) : Subject::of_login(login_);
    }

    void arrange_files() {
        if (is("exempt", "yes")) {
            config.exempt_logins = {login_};
            config.exempt_uids = {uid_};
        }
        if (is("lockdown", "yes")) write_file(etc("lockdown"), "Incident 42\n");
        if (!is("admitted", "yes")) return;
        make_directory(etc("admit.d"));
        write_file(etc("admit.d/" + login_),
                   "login = " + login_ + "\nuid = " + std::to_string(uid_) +
                       "\nuntil = " + format_utc(clock.now().realtime + Nanoseconds(48h).count()) +
                       "\nreason = on call\n");
    }

    void arrange_accounts() {
        accounts.uids = {{"alice", 10001}};
        if (!is("account", "none")) accounts.uids[login_] = is("account", "other") ? 20002 : uid_;
        accounts.is_broken = is("name_service", "broken");
        accounts.is_asking = is("name_service", "asking");
    }

    void arrange_roster() {
        auto& entries = roster.content.entries;
        entries = {entry("alice", 10001, "admin")};
        const auto role = is("role", "owner") ? "owner" : "member";
        if (!is("listed", "no")) entries.push_back(entry(login_, uid_, role));
        if (is("login_twice", "yes")) entries.push_back(entry(login_, 10005));
        if (is("uid_twice", "yes")) entries.push_back(entry("carol", uid_));
        if (is("without_uid", "yes")) entries.push_back(entry_without_uid("dave"));
        roster.write(clock.now());
        if (is("roster", "damaged")) write_file(roster.path(), "damaged");
    }

    Facts facts_;
    std::string login_ = "bob";
    uid_t uid_ = 10002;
};

void gives(const Row& row, const Facts& facts, const std::string& situation) {
    const auto decision = std::make_unique<Situation>(facts)->decide_it();
    const auto text = [&](std::string_view reason, std::string_view verdict) {
        return situation + ": " + std::string(verdict) + ", " + std::string(reason);
    };
    TEXT_EQUAL(text(row.reason, row.verdict),
               text(name_of(decision.reason), name_of(decision.verdict)));
}

}  // namespace

TEST_GROUP(decision_table){};

TEST(decision_table, says_of_each_row_what_the_gate_answers) {
    for (const auto& row : rows()) gives(row, facts_of(row.condition), row.condition);
}

TEST(decision_table, says_what_the_gate_answers_about_a_name_from_elsewhere) {
    const auto of_a_name = rows_under("A name from Kubernetes or HTTP");
    LONGS_EQUAL(conditions_of_a_name.size(), of_a_name.size());
    for (const auto& row : of_a_name) {
        const auto found = conditions_of_a_name.find(row.condition);
        CHECK_TEXT(found != conditions_of_a_name.end(), row.condition.c_str());
        gives(row, *both(found->second, {{"by", "name"}}), row.condition);
    }
}

TEST(decision_table, has_no_admission_make_a_name_an_admin) {
    Situation admitted({{"by", "name"}, {"admitted", "yes"}, {"listed", "no"}});
    DECIDED(allow, admitted, admitted.decide_it());
    Situation as_admin(
        {{"by", "name"}, {"admitted", "yes"}, {"listed", "no"}, {"require", "admin"}});
    DECIDED(deny, not_a_collaborator, as_admin.decide_it());
}

TEST(decision_table, has_its_other_rows_for_a_name_from_elsewhere_too) {
    const auto of_a_name = rows_under("A name from Kubernetes or HTTP");
    for (const auto& row : rows()) {
        if (std::any_of(of_a_name.begin(), of_a_name.end(),
                        [&](const Row& other) { return other.condition == row.condition; }))
            continue;
        if (const auto facts = both(facts_of(row.condition), {{"by", "name"}}))
            gives(row, *facts, row.condition + ", of a name");
    }
}

TEST(decision_table, has_each_condition_once) {
    std::set<std::string> found;
    for (const auto& row : rows())
        CHECK_TEXT(found.insert(row.condition).second, row.condition.c_str());
    for (const auto& [condition, facts] : conditions)
        CHECK_TEXT(found.contains(condition), condition.c_str());
}

TEST(decision_table, has_the_upper_one_decide_of_two_rows_that_apply) {
    int decided = 0;
    for (auto upper = rows().begin(); upper != rows().end(); ++upper)
        for (auto lower = upper + 1; lower != rows().end(); ++lower) {
            const auto facts = both(facts_of(upper->condition), facts_of(lower->condition));
            if (!facts) continue;
            gives(*upper, *facts, upper->condition + " and " + lower->condition);
            ++decided;
        }
    CHECK_TRUE(decided > 150);
}

TEST(decision_table, has_neighbours_whose_order_is_proved_or_does_not_matter) {
    for (auto lower = rows().begin() + 1; lower != rows().end(); ++lower) {
        const auto& upper = *(lower - 1);
        if (both(facts_of(upper.condition), facts_of(lower->condition))) continue;
        CHECK_TEXT(exclude_each_other.contains({upper.condition, lower->condition}),
                   (upper.condition + " and " + lower->condition).c_str());
    }
}

TEST(decision_table, has_every_reason_with_its_verdict_and_no_other) {
    auto every_row = rows();
    for (const auto& row : rows_under("Where there is no gate to ask")) every_row.push_back(row);
    std::map<std::string, std::string> written;
    for (const auto& row : every_row) {
        const auto [known, is_new] = written.try_emplace(row.reason, row.verdict);
        CHECK_TEXT(is_new || known->second == row.verdict, row.reason.c_str());
    }
    for (const auto& [reason, name, verdict] : reasons()) {
        const std::string its_name(name);
        CHECK_TEXT(written.contains(its_name), its_name.c_str());
        TEXT_EQUAL(its_name + " " + std::string(name_of(verdict)),
                   its_name + " " + written[its_name]);
        CHECK_TRUE(verdict_of(reason) == verdict);
    }
    LONGS_EQUAL(reasons().size(), written.size());
}
