// SPDX-License-Identifier: Apache-2.0
// Secrets (the token): as trusted as any other file, and read by nobody else, the group aside.
#include "common/system/trusted_file.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/files.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(secret) {
    TemporaryDirectory directory;
    std::string path;

    void setup() override {
        path = directory / "token";
    }
    // What is wrong with it; "" where it is read.
    std::string problem_with_mode(mode_t mode) const {
        write_file(path, "secret\n", mode);
        const auto text = read_trusted(path, 4096, Secrecy::secret);
        if (text) TEXT_EQUAL("secret\n", *text);
        return text ? std::string() : text.error().message;
    }
};

TEST(secret, may_be_read_by_its_owner_and_group) {
    for (const mode_t mode : {0400U, 0600U, 0440U, 0640U}) TEXT_EQUAL("", problem_with_mode(mode));
}

TEST(secret, may_be_open_to_nobody_else) {
    for (const mode_t mode : {0644U, 0604U, 0444U, 0601U, 0755U})
        TEXT_EQUAL(path + " can be read by everybody (chmod o-rwx)", problem_with_mode(mode));
}

TEST(secret, may_be_written_by_nobody_else) {
    for (const mode_t mode : {0660U, 0620U, 0666U, 0602U})
        TEXT_CONTAINS("can be written by others than its owner", problem_with_mode(mode));
}

TEST(secret, is_roots_or_the_readers) {
    needs_root();
    TEXT_EQUAL("", problem_with_mode(0600));
    CHECK_EQUAL(0, ::chown(path.c_str(), nobody, 0));
    TEXT_CONTAINS("belongs neither to root",
                  read_trusted(path, 4096, Secrecy::secret).error().message);
}

// Kubernetes mounts secrets as symbolic links.
TEST(secret, may_be_a_symbolic_link) {
    write_file(directory / "..data", "secret\n", 0400);
    std::filesystem::create_symlink("..data", path);
    CHECK_TRUE(read_trusted(path, 4096, Secrecy::secret).has_value());
    ::chmod((directory / "..data").c_str(), 0444);
    CHECK_FALSE(read_trusted(path, 4096, Secrecy::secret).has_value());
}
