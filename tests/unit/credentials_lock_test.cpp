// SPDX-License-Identifier: Apache-2.0
// Of those who change the credentials of together one does at a time.
#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"
#include "together_cli/account/credentials.h"

using namespace together;
using namespace together::cli;
using namespace std::chrono_literals;

TEST_GROUP(credentials_lock) {
    TemporaryDirectory directory;
    std::string folder = directory / "config/together";
    std::string path = folder + "/credentials.json";

    bool is_free() {
        return CredentialsLock::take(path, 50ms).has_value();
    }
};

TEST(credentials_lock, is_one_persons_and_leaves_nothing_behind) {
    {
        const auto lock = CredentialsLock::take(path);
        CHECK_TRUE(lock.has_value());
        const auto second = CredentialsLock::take(path, 50ms);
        CHECK_FALSE(second.has_value());
        TEXT_EQUAL(path + " is being changed by another together; try again",
                   second.error().message);
    }
    CHECK_TRUE(is_free());
    CHECK_TRUE(std::filesystem::is_empty(folder));
    struct stat status {};
    LONGS_EQUAL(0, ::stat(folder.c_str(), &status));
    LONGS_EQUAL(0700, status.st_mode & 07777);
}

TEST(credentials_lock, that_was_killed_with_its_owner_is_taken) {
    make_directory(folder);
    write_file(folder + "/.credentials.json.lock", "");
    CHECK_TRUE(is_free());
}

TEST(credentials_lock, is_held_while_what_was_read_is_written) {
    const auto lock = CredentialsLock::take(path);
    CHECK_TRUE(
        write_credentials(*lock, path, {"https://a.example.com/v1", "tgu_x", "", ""}).has_value());
    CHECK_FALSE(is_free());
    TEXT_EQUAL("tgu_x", read_credentials(path)->token);
    CHECK_TRUE(remove_credentials(*lock, path).value());
    CHECK_FALSE(remove_credentials(*lock, path).value());
}
