// SPDX-License-Identifier: Apache-2.0
// A file is replaced whole or not at all, and whatever fails leaves nothing beside it.
#include "common/system/atomic_file.h"

#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <set>

#include "tests/unit/support/files.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(atomic_file) {
    TemporaryDirectory directory;
    std::string path;

    void setup() override {
        path = directory / "file";
        write_file(path, "before");
    }
    // All names there, in order.
    std::string names() const {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
            found.insert(entry.path().filename().string());
        std::string text;
        for (const auto& name : found) text += name + " ";
        return text;
    }
    static void write_whole(AtomicFile & file, const std::string& text, mode_t mode = 0644) {
        CHECK_TRUE(file.open().has_value());
        CHECK_TRUE(file.write(text).has_value());
        CHECK_TRUE(file.finish(mode).has_value());
    }
};

TEST(atomic_file, takes_the_place_of_the_old_one) {
    AtomicFile file(path);
    write_whole(file, "after");
    TEXT_EQUAL("before", read_file(path));
    const auto committed = file.commit();
    CHECK_TRUE(committed && !committed->not_synced);
    TEXT_EQUAL("after", read_file(path));
    TEXT_EQUAL("file ", names());
}

TEST(atomic_file, has_the_mode_whatever_the_umask) {
    const mode_t before = ::umask(0777);
    for (const mode_t mode : {0640U, 0755U, 0600U}) {
        AtomicFile file(path);
        write_whole(file, "after", mode);
        CHECK_TRUE(file.commit().has_value());
        struct stat status {};
        CHECK_EQUAL(0, ::stat(path.c_str(), &status));
        LONGS_EQUAL(mode, status.st_mode & 07777);
    }
    ::umask(before);
}

TEST(atomic_file, has_an_owner) {
    needs_root();
    AtomicFile file(path);
    CHECK_TRUE(file.open().has_value());
    CHECK_TRUE(file.set_owner(nobody, nobody).has_value());
    CHECK_TRUE(file.finish(0600).has_value());
    CHECK_TRUE(file.commit().has_value());
    struct stat status {};
    CHECK_EQUAL(0, ::stat(path.c_str(), &status));
    LONGS_EQUAL(nobody, status.st_uid);
}

TEST(atomic_file, that_is_not_committed_changes_nothing) {
    {
        AtomicFile file(path);
        write_whole(file, "after");
        CHECK_TRUE(names() != "file ");
    }
    TEXT_EQUAL("file ", names());
    TEXT_EQUAL("before", read_file(path));
}

TEST(atomic_file, never_meets_another_writer_s) {
    AtomicFile one(path);
    AtomicFile other(path);
    write_whole(one, "one");
    write_whole(other, "other");
    CHECK_TRUE(one.commit().has_value());
    TEXT_EQUAL("one", read_file(path));
    CHECK_TRUE(other.commit().has_value());
    TEXT_EQUAL("other", read_file(path));
    TEXT_EQUAL("file ", names());
}

TEST(atomic_file, with_a_name_replaces_what_a_killed_writer_left) {
    write_file(path + ".new", "half of");
    AtomicFile file(path, path + ".new");
    write_whole(file, "after");
    CHECK_TRUE(file.commit().has_value());
    TEXT_EQUAL("after", read_file(path));
    TEXT_EQUAL("file ", names());
}

// A link there is taken away, and what it leads to left alone.
TEST(atomic_file, with_a_name_follows_no_link) {
    write_file(directory / "other", "precious");
    std::filesystem::create_symlink("other", path + ".new");
    AtomicFile file(path, path + ".new");
    write_whole(file, "after");
    CHECK_TRUE(file.commit().has_value());
    TEXT_EQUAL("precious", read_file(directory / "other"));
}

TEST(atomic_file, that_cannot_be_renamed_leaves_nothing_behind) {
    make_directory(directory / "folder/full");
    {
        AtomicFile file(directory / "folder");
        write_whole(file, "after");
        const auto committed = file.commit();
        CHECK_FALSE(committed.has_value());
        LONGS_EQUAL(EISDIR, committed.error().error);
        TEXT_EQUAL("cannot replace " + (directory / "folder") + ": Is a directory",
                   committed.error().message);
    }
    TEXT_EQUAL("file folder ", names());
}

TEST(atomic_file, on_a_full_disk_leaves_nothing_behind) {
    CHECK_TRUE(holds_in_a_child([&] {
        const rlimit four_bytes{4, 4};
        ::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &four_bytes);
        AtomicFile file(path);
        if (!file.open()) return false;
        const auto written = file.write("after");
        return !written && written.error().error == EFBIG;
    }));
    TEXT_EQUAL("file ", names());
    TEXT_EQUAL("before", read_file(path));
}

TEST(atomic_file, cannot_be_made_where_there_is_no_folder) {
    const auto none = directory / "none/file";
    TEXT_EQUAL("cannot write beside " + none + ": No such file or directory",
               AtomicFile(none).open().error().message);
    TEXT_EQUAL("cannot make " + none + ".new: No such file or directory",
               AtomicFile(none, none + ".new").open().error().message);
}
