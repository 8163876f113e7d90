// SPDX-License-Identifier: Apache-2.0
// The metrics' textfile, in a folder whose owner may be another user than root.
#include "together_refresh/count/textfile.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(textfile) {
    TemporaryDirectory directory;
    std::string folder = directory / "metrics";
    std::string path = folder + "/together.prom";
    std::string elsewhere = directory / "elsewhere";

    void setup() override {
        make_directory(folder);
        make_directory(elsewhere);
    }
    std::string why_not() {
        const auto written = write_textfile(path, "a 1\n");
        return written ? "" : written.error().message;
    }
    void link(const std::string& from, const std::string& to) {
        if (::symlink(to.c_str(), from.c_str()) != 0) FAIL("cannot make a link");
    }
};

TEST(textfile, is_replaced_whole_and_everybody_can_read_it) {
    TEXT_EQUAL("", why_not());
    CHECK_TRUE(write_textfile(path, "a 2\n").has_value());
    TEXT_EQUAL("a 2\n", read_file(path));
    struct stat status {};
    LONGS_EQUAL(0, ::stat(path.c_str(), &status));
    LONGS_EQUAL(0644, status.st_mode & 07777);
    CHECK_FALSE(exists(path + ".new"));
}

TEST(textfile, is_not_written_where_its_folder_is_a_link) {
    ::rmdir(folder.c_str());
    link(folder, elsewhere);
    TEXT_EQUAL(folder + " is a link; write the path that it leads to", why_not());
    CHECK_TRUE(std::filesystem::is_empty(elsewhere));
}

TEST(textfile, nor_where_a_folder_on_the_way_is) {
    path = directory / "way/metrics/together.prom";
    make_directory(elsewhere + "/metrics");
    link(directory / "way", elsewhere);
    TEXT_EQUAL((directory / "way") + " is a link; write the path that it leads to", why_not());
    CHECK_TRUE(std::filesystem::is_empty(elsewhere + "/metrics"));
}

TEST(textfile, takes_the_place_of_links_and_writes_through_none) {
    write_file(elsewhere + "/shadow", "x");
    link(path, elsewhere + "/shadow");
    link(path + ".new", elsewhere + "/shadow");
    TEXT_EQUAL("", why_not());
    TEXT_EQUAL("x", read_file(elsewhere + "/shadow"));
    TEXT_EQUAL("a 1\n", read_file(path));
    CHECK_FALSE(std::filesystem::is_symlink(path));
}

TEST(textfile, that_cannot_be_written_says_what_failed_and_leaves_nothing) {
    make_directory(path);
    TEXT_EQUAL("cannot replace " + path + ": Is a directory", why_not());
    CHECK_FALSE(exists(path + ".new"));
    make_directory(path + ".new");
    TEXT_EQUAL("cannot make " + path + ".new: File exists", why_not());
    path = directory / "nowhere/together.prom";
    TEXT_EQUAL("cannot open " + (directory / "nowhere") + ": No such file or directory", why_not());
}
