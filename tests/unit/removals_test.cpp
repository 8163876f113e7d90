// SPDX-License-Identifier: Apache-2.0
// Who is ended after leaving the roster, when, and who is not.
#include "together_refresh/removal/removals.h"

#include <CppUTest/TestHarness.h>

#include <algorithm>
#include <set>

#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;
using Stage = Leaver::Stage;
using Kind = LeaversNode::Answer::Kind;

namespace {

class FakeLeaversNode : public LeaversNode {
  public:
    std::string blind() override { return blindness; }
    void look(const Config&) override { ++looks; }
    bool has_anything(const Leaver& leaver) override { return open.contains(leaver.login); }
    Answer ask(const Leaver&) override {
        ++questions;
        return answer;
    }
    void tell(const Leaver& leaver, const std::string& message) override {
        told.push_back(leaver.login + ": " + message);
    }
    std::vector<std::string> end(const std::vector<Leaver>& leavers) override {
        std::vector<std::string> left;
        for (const auto& leaver : leavers) {
            ended.insert(leaver.login);
            if (unkillable.contains(leaver.login))
                left.push_back(leaver.login);
            else
                open.erase(leaver.login);
        }
        return left;
    }

    std::set<std::string> open{"alice", "bob", "carol", "dave"};
    std::set<std::string> unkillable;
    Answer answer{Kind::left, {}};
    std::string blindness;
    int looks = 0;
    int questions = 0;
    std::vector<std::string> told;
    std::set<std::string> ended;
};

SeenRoster roster_of(const std::vector<std::string>& logins) {
    SeenRoster roster;
    uid_t uid = 10000;
    for (const auto& login : logins) {
        roster.entries.push_back(entry(login, uid + static_cast<uid_t>(login.front())));
        if (login.size() > 1) roster.entries.back().uid += static_cast<uid_t>(login[1]) * 1000;
    }
    return roster;
}

// So many more, that the limit is ten.
SeenRoster with_others(SeenRoster roster) {
    for (uid_t i = 0; i < 100; ++i)
        roster.entries.push_back(entry("other" + std::to_string(i), 20000000 + i));
    return roster;
}

std::string logins_of(const std::vector<Leaver>& leavers) {
    std::string text;
    for (const auto& leaver : leavers) text += (text.empty() ? "" : " ") + leaver.login;
    return text;
}

}  // namespace

// ---- who left ----------------------------------------------------------------------------------

TEST_GROUP(who_left){};

TEST(who_left, is_who_was_there_before_and_is_not_now) {
    const auto left = who_left(roster_of({"alice", "bob"}), roster_of({"alice", "eve"}));
    LONGS_EQUAL(1, left.size());
    TEXT_EQUAL("bob", left[0].login);
    TEXT_EQUAL("user_bob", left[0].user_id);
    CHECK_TRUE(left[0].uid.has_value());
    CHECK_TRUE(who_left(roster_of({"alice"}), roster_of({"alice"})).empty());
    CHECK_TRUE(who_left({}, roster_of({"alice"})).empty());
}

TEST(who_left, is_nobody_who_is_there_by_another_login) {
    auto now = roster_of({"alice", "robert"});
    now.entries[1].user_id = "user_bob";
    CHECK_TRUE(who_left(roster_of({"alice", "bob"}), now).empty());
}

TEST(who_left, is_nobody_whose_uid_is_anothers_now) {
    const auto before = roster_of({"alice", "bob"});
    auto now = roster_of({"alice", "eve"});
    now.entries[1].uid = before.entries[1].uid;
    CHECK_TRUE(who_left(before, now).empty());
    now.entries[1].uid_source = UidSource::none;
    LONGS_EQUAL(1, who_left(before, now).size());
}

TEST(who_left, is_nobody_whose_login_another_person_has_now) {
    auto now = roster_of({"alice", "bob"});
    now.entries[1].user_id = "user_other";
    now.entries[1].uid = 4711;
    CHECK_TRUE(who_left(roster_of({"alice", "bob"}), now).empty());
}

TEST(who_left, is_nobody_who_shared_a_login_or_a_uid) {
    auto before = roster_of({"alice", "bob", "carol"});
    before.entries[1].login_shared = true;
    before.entries[2].uid_shared = true;
    CHECK_TRUE(who_left(before, roster_of({"alice"})).empty());
}

TEST(who_left, has_no_uid_where_the_roster_had_none) {
    auto before = roster_of({"alice", "bob"});
    before.entries[1].uid_source = UidSource::none;
    const auto left = who_left(before, roster_of({"alice"}));
    LONGS_EQUAL(1, left.size());
    CHECK_FALSE(left[0].uid.has_value());
}

TEST(who_left, at_once_may_be_ten_or_a_tenth_and_never_more_than_half) {
    Config config;
    const auto most = [&](std::size_t entries) { return max_at_once(config, entries); };
    LONGS_EQUAL(1, most(1));
    LONGS_EQUAL(1, most(3));
    LONGS_EQUAL(5, most(10));
    LONGS_EQUAL(10, most(20));
    LONGS_EQUAL(10, most(100));
    LONGS_EQUAL(1000, most(10000));
    config.on_removal_limit = 3;
    LONGS_EQUAL(3, most(4));
    LONGS_EQUAL(3, most(10000));
}

// ---- what is done about them -------------------------------------------------------------------

struct RemovalsGroup : public Utest {
    FakeClock clock;
    FakeLeaversNode node;
    std::vector<std::string> log;
    std::vector<std::string> alerts;
    Config config;
    Removals removals{clock, node, [this](const std::string& line) { log.push_back(line); },
                      [this](const std::string& line) { alerts.push_back(line); }};

    RemovalsGroup() {
        config.project = "proj_a";
        config.on_removal = OnRemoval::end_sessions;
    }
    void leave(const std::vector<std::string>& before, const std::vector<std::string>& now) {
        removals.roster_changed(config, with_others(roster_of(before)),
                                with_others(roster_of(now)));
    }
    void turn(Nanoseconds later = 1s) {
        clock.tick(later);
        removals.turn(config);
    }
    // As the process does: a turn a second.
    void turns(int seconds) {
        for (int i = 0; i < seconds; ++i) turn();
    }
    Stage stage_of(const std::string& login) const {
        for (const auto& leaver : removals.leavers())
            if (leaver.login == login) return leaver.stage;
        FAIL((login + " is no leaver").c_str());
        return Stage::done;
    }
    bool is_ended(const std::string& login) const { return node.ended.contains(login); }
    bool is_said(const std::vector<std::string>& lines, const std::string& text) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const std::string& line) { return line.find(text) != line.npos; });
    }
};

TEST_GROUP_BASE(removals, RemovalsGroup){};

TEST(removals, are_warned_and_ended_after_the_grace) {
    leave({"alice", "bob"}, {"alice"});
    turn();
    CHECK_TRUE(stage_of("bob") == Stage::warned);
    CHECK_TRUE(is_said(node.told, "bob: bob is no longer a collaborator of project proj_a"));
    CHECK_TRUE(is_said(node.told, "end in 1m"));
    turns(59);
    CHECK_FALSE(is_ended("bob"));
    turns(1);
    CHECK_TRUE(is_ended("bob"));
    LONGS_EQUAL(1, node.ended.size());
    CHECK_TRUE(stage_of("bob") == Stage::done);
    turns(100);
    LONGS_EQUAL(1, node.told.size());
    CHECK_TRUE(alerts.empty());
}

TEST(removals, are_asked_about_before_the_warning_and_before_the_end_alone) {
    leave({"alice", "bob"}, {"alice"});
    turns(61);
    LONGS_EQUAL(2, node.questions);
    LONGS_EQUAL(2, node.looks);
}

TEST(removals, with_no_grace_are_ended_at_once_and_told) {
    config.on_removal_grace = 0s;
    leave({"alice", "bob"}, {"alice"});
    turns(2);
    CHECK_TRUE(is_ended("bob"));
    CHECK_TRUE(is_said(node.told, "end now."));
}

TEST(removals, who_is_back_within_the_grace_is_not_ended_and_told_so) {
    leave({"alice", "bob"}, {"alice"});
    turns(30);
    leave({"alice"}, {"alice", "bob"});
    CHECK_TRUE(is_said(node.told, "again: nothing of yours is ended"));
    turns(100);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(removals.leavers().empty());
}

TEST(removals, who_leaves_again_has_a_grace_anew) {
    leave({"alice", "bob"}, {"alice"});
    turns(50);
    leave({"alice"}, {"alice", "bob"});
    leave({"alice", "bob"}, {"alice"});
    turns(20);
    CHECK_FALSE(is_ended("bob"));
    turns(60);
    CHECK_TRUE(is_ended("bob"));
}

TEST(removals, each_has_a_grace_of_its_own) {
    leave({"alice", "bob", "carol"}, {"alice", "carol"});
    turns(30);
    leave({"alice", "carol"}, {"alice"});
    turns(35);
    CHECK_TRUE(is_ended("bob"));
    CHECK_FALSE(is_ended("carol"));
    turns(30);
    CHECK_TRUE(is_ended("carol"));
}

TEST(removals, are_not_while_nobody_can_tell) {
    leave({"alice", "bob"}, {"alice"});
    turns(30);
    node.answer = {Kind::not_now, "the authority does not confirm it"};
    turns(3600);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(is_said(log, "is not ended now: the authority does not confirm it"));
    LONGS_EQUAL(2, log.size());  // the warning, and that: once
    node.answer = {Kind::left, {}};
    turns(5);
    CHECK_TRUE(is_ended("bob"));
}

TEST(removals, are_not_even_warned_before_somebody_confirms_it) {
    node.answer = {Kind::not_now, "lockdown"};
    leave({"alice", "bob"}, {"alice"});
    turns(600);
    CHECK_TRUE(node.told.empty());
    CHECK_TRUE(stage_of("bob") == Stage::seen);
}

TEST(removals, while_the_name_service_does_not_answer_are_told_of_once_and_go_on_afterwards) {
    leave({"alice", "bob", "carol"}, {"alice"});
    turns(30);
    node.answer = {Kind::unanswered, "the name service did not answer"};
    turns(35);
    CHECK_TRUE(alerts.empty());
    CHECK_TRUE(stage_of("bob") == Stage::warned);
    turns(3600);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(is_said(alerts,
                       "ALERT: nothing is ended of 2 people who left the roster (bob, carol): the "
                       "name service did not answer. Look after this node's name service"));
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(stage_of("bob") == Stage::unanswered);
    node.answer = {Kind::left, {}};
    turns(10);
    CHECK_TRUE(stage_of("bob") == Stage::warned);
    turns(60);
    CHECK_TRUE(is_ended("bob") && is_ended("carol"));
    LONGS_EQUAL(1, alerts.size());
}

TEST(removals, before_whose_warning_the_name_service_does_not_answer_are_told_of_too) {
    node.answer = {Kind::unanswered, "the name service did not answer"};
    leave({"alice", "bob"}, {"alice"});
    turns(15);
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(stage_of("bob") == Stage::unanswered);
    // It answers, and says that there is an outage, too: that is not for whoever was woken.
    node.answer = {Kind::not_now, "the authority does not confirm it"};
    turns(1);
    CHECK_TRUE(stage_of("bob") == Stage::seen);
}

TEST(removals, of_whom_the_name_service_was_silent_for_a_moment_wake_nobody) {
    leave({"alice", "bob"}, {"alice"});
    for (int i = 0; i < 12; ++i) {
        node.answer = {Kind::unanswered, "the name service did not answer"};
        turns(5);
        node.answer = {Kind::left, {}};
        turns(1);
    }
    CHECK_TRUE(alerts.empty());
    CHECK_TRUE(is_ended("bob"));
}

TEST(removals, of_whom_the_name_service_is_silent_are_held_when_too_many_follow) {
    config.on_removal_limit = 1;
    node.answer = {Kind::unanswered, "the name service did not answer"};
    leave({"alice", "bob", "carol"}, {"alice", "carol"});
    turns(15);
    leave({"alice", "carol"}, {"alice"});
    CHECK_TRUE(is_said(alerts, "(bob, carol)"));
    CHECK_TRUE(stage_of("bob") == Stage::held);
}

TEST(removals, are_never_of_who_is_spared) {
    leave({"alice", "bob"}, {"alice"});
    turns(30);
    node.answer = {Kind::spared, "admitted"};
    turns(100);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(is_said(log, "bob (uid "));
    CHECK_TRUE(is_said(log, "nothing is ended: admitted"));
}

TEST(removals, in_observe_mode_are_only_told) {
    config.mode = Mode::observe;
    leave({"alice", "bob"}, {"alice"});
    turns(100);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(node.told.empty());
    CHECK_TRUE(is_said(log, "OBSERVE MODE: what bob"));
    LONGS_EQUAL(1, log.size());
}

TEST(removals, observe_mode_that_comes_within_the_grace_counts) {
    leave({"alice", "bob"}, {"alice"});
    turns(30);
    config.mode = Mode::observe;
    turns(100);
    CHECK_TRUE(node.ended.empty());
}

TEST(removals, of_who_has_nothing_here_are_none) {
    node.open.clear();
    leave({"alice", "bob"}, {"alice"});
    turns(300);
    CHECK_TRUE(node.told.empty());
    CHECK_TRUE(node.ended.empty());
    LONGS_EQUAL(0, node.questions);
    CHECK_TRUE(stage_of("bob") == Stage::done);
}

TEST(removals, find_a_session_that_was_just_beginning) {
    node.open.clear();
    leave({"alice", "bob"}, {"alice"});
    turns(5);
    node.open.insert("bob");
    turns(70);
    CHECK_TRUE(is_ended("bob"));
}

TEST(removals, of_too_many_are_none_and_somebody_is_woken) {
    config.on_removal_limit = 2;
    leave({"alice", "bob", "carol", "dave"}, {"alice"});
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(is_said(alerts,
                       "nothing is ended of 3 people who left the roster (bob, carol, "
                       "dave): 3 left within 1h, and 2 may ([gate] on_removal_limit)"));
    turns(3600 * 3);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(node.told.empty());
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(stage_of("bob") == Stage::held);
}

TEST(removals, as_many_as_may_are_ended) {
    config.on_removal_limit = 3;
    leave({"alice", "bob", "carol", "dave"}, {"alice"});
    turns(70);
    LONGS_EQUAL(3, node.ended.size());
    CHECK_TRUE(alerts.empty());
}

TEST(removals, a_few_in_each_round_do_not_get_past_the_limit) {
    config.on_removal_limit = 2;
    leave({"alice", "bob", "carol", "dave"}, {"alice", "carol", "dave"});
    turns(70);
    leave({"alice", "carol", "dave"}, {"alice", "dave"});
    turns(70);
    LONGS_EQUAL(2, node.ended.size());
    leave({"alice", "dave"}, {"alice"});
    turns(70);
    LONGS_EQUAL(2, node.ended.size());
    LONGS_EQUAL(1, alerts.size());
}

// Of an authority that leaves out others each time.
TEST(removals, that_come_back_after_their_end_do_not_get_past_the_limit) {
    config.on_removal_limit = 2;
    leave({"alice", "bob", "carol", "dave"}, {"alice", "carol", "dave"});
    turns(70);
    leave({"alice", "carol", "dave"}, {"alice", "bob", "dave"});
    turns(70);
    LONGS_EQUAL(2, node.ended.size());
    leave({"alice", "bob", "dave"}, {"alice", "bob", "carol"});
    turns(70);
    LONGS_EQUAL(2, node.ended.size());
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(stage_of("bob") == Stage::back);
    CHECK_TRUE(stage_of("dave") == Stage::held);
}

TEST(removals, of_the_same_one_count_once) {
    config.on_removal_limit = 1;
    for (int i = 0; i < 3; ++i) {
        node.open.insert("bob");
        leave({"alice", "bob"}, {"alice"});
        turns(70);
        CHECK_FALSE(node.open.contains("bob"));
        leave({"alice"}, {"alice", "bob"});
        turns(5);
    }
    CHECK_TRUE(alerts.empty());
    turn(1h);
    CHECK_TRUE(removals.leavers().empty());
}

TEST(removals, count_for_an_hour) {
    config.on_removal_limit = 1;
    leave({"alice", "bob", "carol"}, {"alice", "carol"});
    turns(70);
    turn(1h);
    leave({"alice", "carol"}, {"alice"});
    turns(70);
    LONGS_EQUAL(2, node.ended.size());
}

TEST(removals, whose_grace_runs_are_held_when_too_many_follow) {
    config.on_removal_limit = 1;
    leave({"alice", "bob", "carol"}, {"alice", "carol"});
    turns(30);
    leave({"alice", "carol"}, {"alice"});
    turns(100);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(is_said(alerts, "(bob, carol)"));
}

TEST(removals, that_are_held_are_done_when_an_operator_ended_them_or_they_are_back) {
    config.on_removal_limit = 1;
    leave({"alice", "bob", "carol"}, {"alice"});
    turns(20);
    node.open.erase("bob");
    turns(20);
    CHECK_TRUE(stage_of("bob") == Stage::done);
    CHECK_TRUE(stage_of("carol") == Stage::held);
    leave({"alice"}, {"alice", "carol"});
    TEXT_EQUAL("bob", logins_of(removals.leavers()));
}

TEST(removals, are_held_where_who_left_may_only_have_lost_a_login) {
    auto before = with_others(roster_of({"alice", "bob"}));
    auto now = with_others(roster_of({"alice"}));
    now.left_out = 1;
    removals.roster_changed(config, before, now);
    turns(100);
    CHECK_TRUE(node.ended.empty());
    CHECK_TRUE(is_said(alerts, "no usable login"));
    before.left_out = 1;  // as before: that is nothing new
    before.entries.push_back(entry("carol", 30000));
    removals.roster_changed(config, before, now);
    turns(100);
    CHECK_TRUE(is_ended("carol"));
}

TEST(removals, are_held_where_processes_cannot_be_seen) {
    node.blindness = "/proc hides them";
    leave({"alice", "bob"}, {"alice"});
    turns(100);
    CHECK_TRUE(node.ended.empty());
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(is_said(alerts, "/proc hides them"));
}

TEST(removals, that_do_not_end_are_tried_again_and_at_last_told_of) {
    node.unkillable.insert("bob");
    leave({"alice", "bob"}, {"alice"});
    turns(120);
    CHECK_TRUE(alerts.empty());
    CHECK_TRUE(stage_of("bob") == Stage::warned);
    turns(400);
    LONGS_EQUAL(1, alerts.size());
    CHECK_TRUE(stage_of("bob") == Stage::held);
}

TEST(removals, of_a_watcher_before_this_one_begin_anew) {
    leave({"alice", "bob"}, {"alice"});
    turns(50);
    Removals next(
        clock, node, [](const std::string&) {}, [](const std::string&) {});
    next.restore(removals.leavers());
    for (int i = 0; i < 50; ++i) {
        clock.tick(1s);
        next.turn(config);
    }
    CHECK_FALSE(is_ended("bob"));
    for (int i = 0; i < 20; ++i) {
        clock.tick(1s);
        next.turn(config);
    }
    CHECK_TRUE(is_ended("bob"));
}

TEST(removals, are_forgotten_with_the_project) {
    leave({"alice", "bob"}, {"alice"});
    turns(30);
    removals.forget();
    turns(100);
    CHECK_TRUE(node.ended.empty());
}

TEST(removals, take_no_notice_of_a_clock_that_was_set) {
    leave({"alice", "bob"}, {"alice"});
    turn();
    clock.step(24h);
    turn();
    CHECK_FALSE(is_ended("bob"));
    clock.step(-48h);
    turns(60);
    CHECK_TRUE(is_ended("bob"));
}
