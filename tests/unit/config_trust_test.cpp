// SPDX-License-Identifier: Apache-2.0
// Whom together.conf and its drop-ins must belong to: root or the reader, and nobody else may
// write them.
#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include "tests/unit/support/config_folder.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(config_trust) {
    ConfigFolder folder;

    void setup() override {
        needs_root();
    }
    void set_mode(mode_t mode) const {
        ::chmod(folder.path().c_str(), mode);
    }
    void set_owner(uid_t uid, gid_t gid = 0) const {
        CHECK_EQUAL(0, ::chown(folder.path().c_str(), uid, gid));
    }
};

TEST(config_trust, accepts_a_file_that_only_its_owner_writes) {
    for (const mode_t mode : {0644U, 0600U, 0400U, 0444U, 0755U}) {
        set_mode(mode);
        TEXT_EQUAL("", folder.error());
    }
}

TEST(config_trust, refuses_a_file_that_its_group_writes) {
    set_mode(0664);
    TEXT_EQUAL(folder.path() + " can be written by others than its owner (chmod go-w)",
               folder.error());
}

TEST(config_trust, refuses_a_file_that_everybody_writes) {
    for (const mode_t mode : {0646U, 0602U, 0666U}) {
        set_mode(mode);
        TEXT_CONTAINS("can be written by others", folder.error());
    }
}

TEST(config_trust, refuses_another_users_file) {
    set_owner(nobody);
    TEXT_EQUAL(folder.path() + " belongs neither to root nor to the user who reads it",
               folder.error());
}

TEST(config_trust, lets_the_group_be_anyones) {
    set_owner(0, nobody);
    TEXT_EQUAL("", folder.error());
}

TEST(config_trust, accepts_roots_file_for_a_plain_reader) {
    ::chmod(folder.directory().path().c_str(), 0755);
    CHECK_TRUE(holds_for_nobody([&] { return folder.error().empty(); }));
}

TEST(config_trust, accepts_the_readers_own_file) {
    ::chmod(folder.directory().path().c_str(), 0755);
    set_owner(nobody);
    CHECK_TRUE(holds_for_nobody([&] { return folder.error().empty(); }));
}

TEST(config_trust, refuses_a_third_users_file_for_a_plain_reader) {
    ::chmod(folder.directory().path().c_str(), 0755);
    set_owner(12345);
    CHECK_TRUE(holds_for_nobody([&] {
        return folder.error() ==
               folder.path() + " belongs neither to root nor to the user who reads it";
    }));
}

TEST(config_trust, names_a_file_that_cannot_be_read) {
    ::chmod(folder.directory().path().c_str(), 0755);
    set_mode(0600);
    CHECK_TRUE(holds_for_nobody(
        [&] { return folder.error() == "cannot open " + folder.path() + ": Permission denied"; }));
}

TEST(config_trust, asks_the_same_of_drop_ins) {
    folder.write("together.conf.d/a.conf", "[gate]\nmin_uid = 1\n", 0664);
    TEXT_EQUAL((folder / "together.conf.d/a.conf") +
                   " can be written by others than its owner (chmod go-w)",
               folder.error());
    ::chmod((folder / "together.conf.d/a.conf").c_str(), 0644);
    CHECK_EQUAL(0, ::chown((folder / "together.conf.d/a.conf").c_str(), nobody, 0));
    TEXT_CONTAINS("belongs neither to root", folder.error());
}

// Kubernetes: together.conf -> ..data/together.conf, ..data -> ..2026_01_31_00_00_00.123
TEST(config_trust, follows_the_symbolic_links_of_kubernetes) {
    ConfigFolder mounted;
    mounted.write("..2026_01_31/together.conf", ConfigFolder::required());
    mounted.write("..2026_01_31/gate.conf", "[gate]\nmin_uid = 77\n");
    std::filesystem::create_symlink("..2026_01_31", mounted / "..data");
    std::filesystem::remove(mounted.path());
    std::filesystem::create_symlink("..data/together.conf", mounted.path());
    make_directory(mounted / "together.conf.d");
    std::filesystem::create_symlink("../..data/gate.conf", mounted / "together.conf.d/gate.conf");
    TEXT_EQUAL("", mounted.error());
    LONGS_EQUAL(77, mounted.load()->min_uid);
}

TEST(config_trust, judges_the_file_behind_a_link) {
    folder.write("real.conf", ConfigFolder::required(), 0666);
    std::filesystem::remove(folder.path());
    std::filesystem::create_symlink("real.conf", folder.path());
    TEXT_CONTAINS("can be written by others", folder.error());
}

TEST(config_trust, refuses_a_loop_of_links) {
    std::filesystem::remove(folder.path());
    std::filesystem::create_symlink("together.conf", folder.path());
    TEXT_CONTAINS("cannot open " + folder.path(), folder.error());
}

TEST(config_trust, does_not_wait_for_a_fifos_writer) {
    std::filesystem::remove(folder.path());
    CHECK_EQUAL(0, ::mkfifo(folder.path().c_str(), 0644));
    TEXT_EQUAL(folder.path() + " is not a regular file", folder.error());
}

TEST(config_trust, refuses_a_folder_and_a_device) {
    TEXT_EQUAL(folder.directory().path() + " is not a regular file",
               load_config(folder.directory().path()).error().message);
    TEXT_EQUAL("/dev/null is not a regular file", load_config("/dev/null").error().message);
}

TEST(config_trust, reads_at_most_64_kib) {
    const std::string comment = "# " + std::string(125, 'c') + "\n";
    std::string text = ConfigFolder::required();
    while (text.size() + comment.size() <= 64 * 1024) text += comment;
    text += "#" + std::string(64 * 1024 - text.size() - 1, 'c');
    TEXT_EQUAL("", folder.error_of(text));
    TEXT_EQUAL(folder.path() + " is larger than 65536 bytes", folder.error_of(text + "c"));
}
