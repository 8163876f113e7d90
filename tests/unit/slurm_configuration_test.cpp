// SPDX-License-Identifier: Apache-2.0
// slurm.conf with the files that it includes.
#include "togetherctl/slurm/slurm_configuration.h"

#include <CppUTest/TestHarness.h>

#include <filesystem>

#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together::ctl;

TEST_GROUP(slurm_configuration) {
    TemporaryDirectory directory;

    SlurmConfiguration read(const std::string& text) const {
        write_file(directory / "slurm.conf", text);
        return read_slurm_configuration(directory / "slurm.conf");
    }
};

TEST(slurm_configuration, is_empty_where_there_is_none) {
    const auto slurm = read_slurm_configuration(directory / "slurm.conf");
    TEXT_EQUAL(directory / "slurm.conf", slurm.path);
    TEXT_EQUAL("", slurm.text);
    TEXT_EQUAL(directory / "plugstack.conf", slurm.plugstack);
    TEXT_EQUAL("", slurm.plugin_dir);
}

TEST(slurm_configuration, names_its_other_files) {
    const auto slurm = read("PlugStackConfig=other.conf\nPluginDir=/a:/b\n");
    TEXT_EQUAL(directory / "other.conf", slurm.plugstack);
    TEXT_EQUAL("/a:/b", slurm.plugin_dir);
    TEXT_EQUAL("/x/y", read("PlugStackConfig=/x/y\n").plugstack);
}

TEST(slurm_configuration, has_an_included_file_in_the_place_of_its_line) {
    write_file(directory / "more.conf", "SlurmUser=included\nInclude less.conf\n");
    write_file(directory / "less.conf", "PluginDir=/deeper");
    const auto slurm = read("SlurmUser=before\ninclude more.conf # here\nSlurmUser=after\n");
    TEXT_EQUAL("SlurmUser=before\nSlurmUser=included\nPluginDir=/deeper\nSlurmUser=after\n",
               slurm.text);
    TEXT_EQUAL("after", slurm.setting("slurmuser").value_or(""));
    TEXT_EQUAL("/deeper", slurm.plugin_dir);
    LONGS_EQUAL(2, slurm.included.size());
    TEXT_EQUAL(directory / "more.conf", slurm.included[0].path);
    TEXT_EQUAL("SlurmUser=included\nInclude less.conf\n", slurm.included[0].text);
}

TEST(slurm_configuration, has_relative_includes_beside_the_file_that_names_them) {
    const std::string folder = directory / "conf.d";
    std::filesystem::create_directory(folder);
    write_file(folder + "/more.conf", "Include less.conf\n");
    write_file(folder + "/less.conf", "SlurmUser=beside\n");
    write_file(directory / "less.conf", "SlurmUser=above\n");
    TEXT_EQUAL("beside", read("Include conf.d/more.conf\n").setting("SlurmUser").value_or(""));
}

TEST(slurm_configuration, reads_files_that_include_each_other_once) {
    write_file(directory / "a.conf", "Include b.conf\nSlurmUser=a\n");
    write_file(directory / "b.conf", "Include a.conf\nSlurmUser=b\n");
    TEXT_EQUAL("SlurmUser=b\nSlurmUser=a\n", read("Include a.conf\n").text);
}

TEST(slurm_configuration, leaves_out_what_anybody_could_have_written) {
    write_file(directory / "more.conf", "SlurmUser=mallory\n", 0666);
    const auto slurm = read("Include more.conf\n");
    CHECK_FALSE(slurm.setting("SlurmUser").has_value());
    LONGS_EQUAL(0, slurm.included.size());
}
