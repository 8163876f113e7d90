// SPDX-License-Identifier: Apache-2.0
// The snapshot's file: whose it must be, what it must be, and how it is replaced.
#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/support/processes.h"
#include "tests/unit/support/roster_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(snapshot_file) {
    RosterFolder roster;

    void setup() override {
        roster.write();
    }
    void is_unusable(const std::string& why) const {
        TEXT_EQUAL(roster.path() + " " + why, roster.problem());
    }
    void replace_header(void (*change)(SnapshotHeader&)) const {
        SnapshotHeader header = roster.open()->header();
        change(header);
        header.checksum = checksum_of(header);
        auto text = read_file(roster.path());
        text.replace(text.size() - sizeof header, sizeof header,
                     reinterpret_cast<const char*>(&header), sizeof header);
        write_file(roster.path(), text);
    }
};

TEST(snapshot_file, is_readable_by_all_whatever_the_umask) {
    const auto before = ::umask(0777);
    roster.write();
    ::umask(before);
    LONGS_EQUAL(0644, std::filesystem::status(roster.path()).permissions());
}

TEST(snapshot_file, that_is_missing_is_told_from_a_bad_one) {
    std::filesystem::remove(roster.path());
    CHECK_TRUE(roster.open().error().kind == FileError::missing);
    write_file(roster.path(), "");
    CHECK_TRUE(roster.open().error().kind == FileError::unusable);
    is_unusable("is damaged (too short)");
}

TEST(snapshot_file, is_of_this_project) {
    const auto written = roster.path();
    roster.config.project = "proj_ab";
    std::filesystem::rename(written, roster.path());
    is_unusable("is another project's roster");
}

TEST(snapshot_file, came_from_this_base_url) {
    for (const char* url : {"https://api.example.com/v2", "https://api.example.com/v",
                            "https://api.example.com/v1/", ""}) {
        roster.config.base_url = url;
        is_unusable("came from another base_url");
    }
}

TEST(snapshot_file, is_of_this_format) {
    replace_header([](SnapshotHeader& header) { header.magic.back() = '2'; });
    is_unusable("is not a roster snapshot of format 1");
    write_file(roster.path(), std::string(10'000, 'x'));
    is_unusable("is not a roster snapshot of format 1");
}

TEST(snapshot_file, has_the_length_that_its_header_says) {
    replace_header([](SnapshotHeader& header) { ++header.length; });
    is_unusable("is damaged (its length is wrong)");
}

TEST(snapshot_file, is_of_the_whole_that_its_header_says) {
    replace_header([](SnapshotHeader& header) { ++header.digest[0]; });
    CHECK_FALSE(roster.open()->verify_intact());
}

TEST(snapshot_file, may_have_a_project_and_a_url_of_any_length_that_the_configuration_allows) {
    roster.config.project = roster.content.project = "proj_" + std::string(64, 'p');
    roster.config.base_url = roster.content.base_url = "https://" + std::string(172, 'h');
    roster.write();
    TEXT_EQUAL("", roster.problem());
    const auto written = roster.path();
    roster.config.project.back() = 'q';
    std::filesystem::rename(written, roster.path());
    is_unusable("is another project's roster");
}

TEST(snapshot_file, is_roots_or_the_readers) {
    needs_root();
    CHECK_EQUAL(0, ::chown(roster.path().c_str(), nobody, 0));
    is_unusable("belongs neither to root nor to the user who reads it");
    ::chmod(roster.directory().path().c_str(), 0755);
    CHECK_TRUE(holds_for_nobody([&] { return roster.problem().empty(); }));
    CHECK_EQUAL(0, ::chown(roster.path().c_str(), 0, 0));
    CHECK_TRUE(holds_for_nobody([&] { return roster.problem().empty(); }));
}

TEST(snapshot_file, is_written_by_its_owner_alone) {
    for (const mode_t mode : {0664U, 0646U, 0666U}) {
        ::chmod(roster.path().c_str(), mode);
        is_unusable("can be written by others than its owner (chmod go-w)");
    }
}

TEST(snapshot_file, is_no_link) {
    std::filesystem::rename(roster.path(), roster.directory() / "elsewhere");
    std::filesystem::create_symlink(roster.directory() / "elsewhere", roster.path());
    TEXT_CONTAINS("cannot open " + roster.path(), roster.problem());
    CHECK_TRUE(roster.open().error().kind == FileError::unusable);
}

TEST(snapshot_file, is_no_fifo_and_no_folder) {
    std::filesystem::remove(roster.path());
    CHECK_EQUAL(0, ::mkfifo(roster.path().c_str(), 0644));
    is_unusable("is not a regular file");
    std::filesystem::remove(roster.path());
    make_directory(roster.path());
    is_unusable("is not a regular file");
}

TEST(snapshot_file, leaves_no_temporary_file) {
    CHECK_FALSE(exists(roster.paths().temporary()));
}

TEST(snapshot_file, replaces_what_a_killed_writer_left) {
    write_file(roster.paths().temporary(), "half of a roster");
    roster.write();
    TEXT_EQUAL("", roster.problem());
    CHECK_FALSE(exists(roster.paths().temporary()));
}

TEST(snapshot_file, is_not_written_through_a_link) {
    write_file(roster.directory() / "victim", "untouched");
    std::filesystem::create_symlink(roster.directory() / "victim", roster.paths().temporary());
    roster.write();
    TEXT_EQUAL("untouched", read_file(roster.directory() / "victim"));
    CHECK_FALSE(std::filesystem::is_symlink(roster.path()));
}

TEST(snapshot_file, stays_when_the_next_cannot_be_written) {
    make_directory(roster.paths().temporary());
    const auto written = write_snapshot(roster.paths(), roster.content);
    CHECK_FALSE(written.has_value());
    TEXT_CONTAINS(roster.paths().temporary(), written.error().message);
    TEXT_EQUAL("", roster.problem());
}

TEST(snapshot_file, stays_when_the_disk_is_full) {
    needs_root();
    const auto before = read_file(roster.path());
    // A file size limit stands for the full disk; the signal that comes with it, for nothing.
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000, 1000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        return !write_snapshot(roster.paths(), roster.content) &&
               !exists(roster.paths().temporary());
    }));
    TEXT_EQUAL("", roster.problem());
    CHECK_TRUE(before == read_file(roster.path()));
}

TEST(snapshot_file, names_a_folder_that_is_missing) {
    roster.config.directory = "/nonexistent/together";
    const auto written = write_snapshot(roster.paths(), roster.content);
    TEXT_CONTAINS("cannot make /nonexistent/together/proj_a.roster.v1.new: No such file",
                  written.error().message);
}
