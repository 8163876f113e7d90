// Folders that are held open: found again whatever stands under their names later.
#include "held_folders.h"

#include <CppUTest/TestHarness.h>

#include "emergency.h"
#include "support/files.h"
#include "support/temporary_directory.h"
#include "trusted_file.h"

using namespace together;

TEST_GROUP(held_folders) {
    TemporaryDirectory directory;
    Config config;
    std::string folder = directory.path() + "/etc";
    std::string cache = directory.path() + "/cache";

    void setup() override {
        make_directory(folder);
        make_directory(cache);
        config.path = folder + "/together.conf";
        config.directory = cache;
    }

    // What a job's own mount namespace does to a path.
    void put_another_in_place_of(const std::string& path) {
        std::filesystem::rename(path, path + ".away");
        make_directory(path);
    }
};

TEST(held_folders, a_held_folder_is_read_when_another_stands_under_its_name) {
    const HeldFolders held(config);
    write_file(cache + "/file", "right");
    put_another_in_place_of(cache);
    write_file(cache + "/file", "wrong");
    CHECK(read_trusted(held.config().directory + "/file", 100).value() == "right");
}

TEST(held_folders, a_file_that_is_replaced_later_is_the_new_one) {
    const HeldFolders held(config);
    write_file(cache + "/file", "old");
    write_file(cache + "/file.new", "new");
    std::filesystem::rename(cache + "/file.new", cache + "/file");
    CHECK(read_trusted(held.config().directory + "/file", 100).value() == "new");
}

TEST(held_folders, a_lockdown_is_seen_beside_the_held_configuration) {
    const HeldFolders held(config);
    write_file(folder + "/lockdown", "why\n");
    put_another_in_place_of(folder);
    CHECK(lockdown_in_force(held.config().folder()) == std::optional<std::string>("why"));
    CHECK_FALSE(lockdown_in_force(folder).has_value());
}

TEST(held_folders, texts_carry_the_names_that_people_know) {
    const HeldFolders held(config);
    const auto missing = read_trusted(held.config().directory + "/file", 100);
    CHECK_FALSE(missing.has_value());
    STRCMP_EQUAL(("cannot open " + cache + "/file: No such file or directory").c_str(),
                 held.with_names(missing.error().message).c_str());
    STRCMP_EQUAL((folder + "/together.conf").c_str(), held.original_path().c_str());
    STRCMP_EQUAL("nothing held", held.with_names("nothing held").c_str());
}

TEST(held_folders, a_folder_that_is_not_there_keeps_its_name) {
    config.directory = directory.path() + "/missing";
    const HeldFolders held(config);
    STRCMP_EQUAL(config.directory.c_str(), held.config().directory.c_str());
}
