// SPDX-License-Identifier: Apache-2.0
// A name service that hangs holds up nobody who asks it with patience.
#include "together_refresh/process/patient_accounts.h"

#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/support/fake_accounts.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

// Asked in a child, where a test changes nothing any more: what goes wrong is a file's to say.
class FaultyAccounts : public FakeAccounts {
  public:
    Result<std::optional<uid_t>> uid_of(const std::string& login) override {
        if (::access(hangs.c_str(), F_OK) == 0)
            while (true) ::pause();
        if (::access(crashes.c_str(), F_OK) == 0) ::_exit(1);
        return FakeAccounts::uid_of(login);
    }

    TemporaryDirectory folder;
    std::string hangs = folder / "hangs";
    std::string crashes = folder / "crashes";
};

}  // namespace

TEST_GROUP(patient_accounts) {
    FaultyAccounts service;
    PatientAccounts accounts{service, 1s};

    void setup() override {
        service.uids = {{"bob", 20002}};
    }
    void check_no_answer() {
        const auto uid = accounts.uid_of("bob");
        CHECK_FALSE(uid.has_value());
        TEXT_EQUAL("the name service did not answer within 1 s, asked for bob",
                   uid.error().message);
    }
};

TEST(patient_accounts, are_those_of_the_name_service) {
    CHECK_TRUE(accounts.uid_of("bob").value() == 20002U);
    CHECK_TRUE(accounts.uid_of("eve").value() == std::nullopt);
    CHECK_TRUE(accounts.login_of(20002).value() == "bob");
    CHECK_TRUE(accounts.login_of(20003).value() == std::nullopt);
}

TEST(patient_accounts, say_what_the_name_service_says_of_itself) {
    service.is_broken = true;
    TEXT_EQUAL("the name service could not look up bob", accounts.uid_of("bob").error().message);
    TEXT_EQUAL("the name service could not look up uid 7", accounts.login_of(7).error().message);
}

TEST(patient_accounts, that_hang_are_an_error_until_asked_again) {
    write_file(service.hangs, "");
    check_no_answer();
    ::unlink(service.hangs.c_str());
    // Of many questions only the first has waited.
    check_no_answer();
    CHECK_FALSE(accounts.login_of(20002).has_value());
    accounts.ask_again();
    CHECK_TRUE(accounts.uid_of("bob").value() == 20002U);
}

TEST(patient_accounts, whose_process_ended_are_an_error_until_asked_again) {
    write_file(service.crashes, "");
    check_no_answer();
    ::unlink(service.crashes.c_str());
    accounts.ask_again();
    CHECK_TRUE(accounts.uid_of("bob").value() == 20002U);
}

TEST(patient_accounts, of_names_too_long_to_ask_for_are_none) {
    CHECK_FALSE(accounts.uid_of(std::string(100'000, 'x')).has_value());
    accounts.ask_again();
    CHECK_TRUE(accounts.uid_of("bob").value() == 20002U);
}
