// SPDX-License-Identifier: Apache-2.0
// Nobody who asks waits for the name service, whatever it does.
#include "common/resident/background_accounts.h"

#include <CppUTest/TestHarness.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include "tests/adapters/slurm/support/waiting.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

// A name service that answers nothing before it is let.
class HangingAccounts : public NodeAccounts {
  public:
    Result<std::optional<uid_t>> uid_of(const std::string& login) override {
        if (!answers(login)) return failure("away");
        const auto found = uids.find(login);
        if (found == uids.end()) return std::nullopt;
        return found->second;
    }
    Result<std::optional<std::string>> login_of(uid_t uid) override {
        if (!answers(std::to_string(uid))) return failure("away");
        for (const auto& [login, its_uid] : uids)
            if (its_uid == uid) return login;
        return std::nullopt;
    }

    void let(bool it) {
        const std::lock_guard lock(mutex_);
        hangs_ = !it;
        changed_.notify_all();
    }
    std::vector<std::string> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    const std::map<std::string, uid_t> uids = {{"alice", 10001}, {"bob", 10002}};
    std::atomic<bool> fails = false;

  private:
    bool answers(const std::string& question) {
        std::unique_lock lock(mutex_);
        asked_.push_back(question);
        changed_.wait(lock, [this] { return !hangs_; });
        return !fails;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool hangs_ = false;
    std::vector<std::string> asked_;
};

}  // namespace

TEST_GROUP(background_accounts) {
    std::shared_ptr<HangingAccounts> service = std::make_shared<HangingAccounts>();
    std::atomic<std::chrono::seconds> past = 0s;
    std::unique_ptr<BackgroundAccounts> accounts = make(10ms);

    std::unique_ptr<BackgroundAccounts> make(std::chrono::milliseconds patience) {
        return std::make_unique<BackgroundAccounts>(service, patience, [this] {
            return std::chrono::steady_clock::time_point(1h) + past.load();
        });
    }
    void teardown() override {
        service->let(true);
        accounts.reset();
    }
    bool not_yet(uid_t uid) const {
        const auto login = accounts->login_of(uid);
        return !login && login.error().not_yet;
    }
    void wait_for(uid_t uid) const {
        wait_until([&] { return !not_yet(uid); });
    }
    void wait_until_asked(std::size_t questions) const {
        wait_until([&] { return service->asked().size() >= questions; });
    }
};

TEST(background_accounts, a_name_is_not_known_yet_and_then_it_is) {
    service->let(false);
    const auto first = accounts->login_of(10001);
    CHECK_FALSE(first.has_value());
    CHECK_TRUE(first.error().not_yet);
    STRCMP_EQUAL("the name service is still being asked for uid 10001",
                 first.error().message.c_str());
    service->let(true);
    wait_for(10001);
    STRCMP_EQUAL("alice", (*accounts->login_of(10001))->c_str());
    CHECK_EQUAL(1, service->asked().size());
}

TEST(background_accounts, a_uid_without_a_name_is_remembered) {
    CHECK_TRUE(not_yet(666));
    wait_for(666);
    for (int time = 0; time < 5; ++time) CHECK_FALSE(accounts->login_of(666)->has_value());
    CHECK_EQUAL(1, service->asked().size());
    past = 120s;
    CHECK_TRUE(not_yet(666));
}

TEST(background_accounts, a_failure_is_no_answer_and_is_tried_again) {
    service->fails = true;
    CHECK_TRUE(not_yet(10001));
    wait_for(10001);
    STRCMP_EQUAL("away", accounts->login_of(10001).error().message.c_str());
    service->fails = false;
    past = 20s;
    CHECK_TRUE(not_yet(10001));
    wait_for(10001);
    CHECK_TRUE(accounts->login_of(10001).has_value());
}

TEST(background_accounts, a_name_service_that_hangs_is_no_longer_being_asked_but_away) {
    service->let(false);
    CHECK_TRUE(not_yet(10001));
    wait_until_asked(1);
    past = 10s;
    CHECK_FALSE(not_yet(10001));
    STRCMP_CONTAINS("the name service has not answered for 10 s",
                    accounts->login_of(10001).error().message.c_str());
    CHECK_FALSE(not_yet(10002));
}

TEST(background_accounts, strangers_push_out_nobody_whose_login_was_asked_for) {
    service->let(false);
    CHECK_TRUE(not_yet(20000));
    wait_until_asked(1);
    for (uid_t uid = 20000; uid < 30000; ++uid) CHECK_TRUE(not_yet(uid));
    CHECK_FALSE(accounts->uid_of("alice").has_value());
    service->let(true);
    wait_for(10001);
    STRCMP_EQUAL("alice", (*accounts->login_of(10001))->c_str());
    const auto asked = service->asked();
    STRCMP_EQUAL("alice", asked.at(1).c_str());  // after the one that hung
    CHECK_TRUE(asked.size() <= 66);
}

TEST(background_accounts, logins_are_waited_for_but_not_for_long) {
    accounts = make(10s);
    accounts->prepare({"alice", "nobody-knows"});
    CHECK_EQUAL(10001, **accounts->uid_of("alice"));
    CHECK_FALSE(accounts->uid_of("nobody-knows")->has_value());
    accounts = make(10ms);
    service->let(false);
    accounts->prepare({"alice", "bob"});
    CHECK_TRUE(accounts->uid_of("bob").error().not_yet);
}

TEST(background_accounts, their_end_does_not_wait_for_a_name_service_that_hangs) {
    service->let(false);
    CHECK_TRUE(not_yet(10001));
    wait_until_asked(1);
    accounts.reset();
    service->let(true);
    wait_until([&] { return service.use_count() == 1; });  // the thread has ended
}

TEST(background_accounts, many_threads_may_ask) {
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int number = 0; number < 4; ++number)
        threads.emplace_back([&] {
            for (uid_t uid = 10001; uid < 10500; ++uid) {
                const auto login = accounts->login_of(uid);
                if (login && *login && uid > 10002) ++wrong;
                static_cast<void>(accounts->uid_of("bob"));
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK_EQUAL(0, wrong.load());
}
