// SPDX-License-Identifier: Apache-2.0
// together.conf as a whole: sections, duplicates, drop-ins, the path.
#include <CppUTest/TestHarness.h>

#include "common/node_config/node_config.h"
#include "tests/unit/support/config_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(config) {
    ConfigFolder folder;
};

TEST(config, needs_a_base_url_and_a_project_only) {
    const auto config = folder.load();
    CHECK_TRUE(config.has_value());
    TEXT_EQUAL(folder.path(), config->path);
    TEXT_EQUAL(folder.directory().path(), config->folder());
    TEXT_EQUAL(folder.path() + ": [api] base_url is missing",
               folder.error_of("[api]\nproject = proj_a\n"));
    TEXT_EQUAL(folder.path() + ": [api] project is missing",
               folder.error_of("[api]\nbase_url = https://a/v1\n"));
    TEXT_EQUAL(folder.path() + ": [api] base_url is missing", folder.error_of(""));
}

TEST(config, names_the_file_that_is_missing) {
    const auto config = load_config(folder / "none.conf");
    TEXT_EQUAL("cannot open " + (folder / "none.conf") + ": No such file or directory",
               config.error().message);
}

TEST(config, has_an_absolute_path) {
    for (const char* path : {"", "together.conf", "./together.conf"})
        TEXT_CONTAINS("is not absolute", load_config(path).error().message);
}

TEST(config, knows_no_other_section) {
    TEXT_EQUAL(folder.path() +
                   ":4: unknown section [Gate]; there are [api], [roster], [gate], [accounts], "
                   "[metrics], [kubernetes], [http] and [volume \"NAME\"]",
               folder.error_of(ConfigFolder::required() + "[Gate]\nmin_uid = 500\n"));
    TEXT_EQUAL(folder.path() +
                   ":4: unknown section [gat]; there are [api], [roster], [gate], [accounts], "
                   "[metrics], [kubernetes], [http] and [volume \"NAME\"]",
               folder.error_of(ConfigFolder::required() + "[gat]\n# min_uid = 500\n"));
}

TEST(config, has_every_key_in_a_section) {
    TEXT_EQUAL(folder.path() +
                   ":1: project stands in no section; there are [api], [roster], [gate], "
                   "[accounts], [metrics], [kubernetes], [http] and [volume \"NAME\"]",
               folder.error_of("project = proj_a\n" + ConfigFolder::required()));
}

TEST(config, knows_no_other_key) {
    TEXT_EQUAL(folder.path() + ":4: unknown key projekt in [api]",
               folder.error_of(ConfigFolder::required() + "projekt = proj_b\n"));
    TEXT_EQUAL(folder.path() + ":4: unknown key Proxy in [api]",
               folder.error_of(ConfigFolder::required() + "Proxy = http://proxy:3128\n"));
    TEXT_EQUAL(folder.path() + ":5: unknown key project in [gate]",
               folder.error_of(ConfigFolder::required() + "[gate]\nproject = proj_b\n"));
}

TEST(config, names_file_line_and_key_of_a_bad_value) {
    const auto error = folder.error_of(ConfigFolder::required() + "\n[roster]\nfresh_for = 30\n");
    TEXT_EQUAL(folder.path() + ":6: fresh_for: not a duration such as 500ms, 30s, 5m, 24h or 7d",
               error);
}

TEST(config, may_come_back_to_a_section) {
    TEXT_EQUAL("", folder.error_of(ConfigFolder::required() +
                                   "[gate]\nmin_uid = 500\n[api]\nca_file = /ca.pem\n"));
}

TEST(config, has_each_key_once) {
    TEXT_EQUAL(folder.path() + ":4: project is set twice, first in " + folder.path() + ":3",
               folder.error_of(ConfigFolder::required() + "project = proj_a\n"));
    TEXT_EQUAL(folder.path() + ":6: project is set twice, first in " + folder.path() + ":3",
               folder.error_of(ConfigFolder::required() + "[gate]\n[api]\nproject = proj_b\n"));
}

TEST(config, refuses_lines_that_would_be_misread) {
    const std::string required = ConfigFolder::required();
    TEXT_CONTAINS(folder.path() + ":5: longer than 190 bytes",
                  folder.error_of(required + "[gate]\ncontact = " + std::string(200, 'x') + "\n"));
    TEXT_CONTAINS(folder.path() + ":5: indented",
                  folder.error_of(required + "[gate]\n  min_uid = 500\n"));
    TEXT_CONTAINS(folder.path() + ":5: a comment behind a setting",
                  folder.error_of(required + "[gate]\nmin_uid = 500 ; low\n"));
    TEXT_CONTAINS(folder.path() + ":1: a control character",
                  folder.error_of("[api]\r\nbase_url = https://a/v1\r\n"));
    TEXT_CONTAINS(folder.path() + ":4: neither a [section] nor",
                  folder.error_of(required + "min_uid 500\n"));
}

TEST(config, may_begin_with_a_byte_order_mark_and_lack_the_last_newline) {
    auto text = "\xef\xbb\xbf" + ConfigFolder::required();
    text.pop_back();
    TEXT_EQUAL("", folder.error_of(text));
    TEXT_EQUAL("proj_a", folder.load()->project);
}

TEST_GROUP(config_drop_ins) {
    ConfigFolder folder;
    std::string drop_in(const std::string& name) const {
        return folder / ("together.conf.d/" + name);
    }
    void write(const std::string& name, const std::string& text) const {
        folder.write("together.conf.d/" + name, text);
    }
};

TEST(config_drop_ins, add_to_the_file) {
    write("gate.conf", "[gate]\nmin_uid = 500\n");
    write("roster.conf", "[roster]\nfresh_for = 5s\n");
    const auto config = folder.load();
    LONGS_EQUAL(500, config->min_uid);
    CHECK_TRUE(config->fresh_for == std::chrono::seconds(5));
    TEXT_EQUAL(folder.path(), config->path);
}

TEST(config_drop_ins, can_be_none) {
    make_directory(folder / "together.conf.d");
    TEXT_EQUAL("", folder.error());
}

TEST(config_drop_ins, can_hold_what_the_file_lacks) {
    folder.write("together.conf", "");
    write("api.conf", ConfigFolder::required());
    TEXT_EQUAL("", folder.error());
}

TEST(config_drop_ins, never_override) {
    write("a.conf", "[api]\nproject = proj_b\n");
    TEXT_EQUAL(drop_in("a.conf") + ":2: project is set twice, first in " + folder.path() + ":3",
               folder.error());
}

TEST(config_drop_ins, are_read_in_the_order_of_their_names) {
    write("20-b.conf", "[gate]\nmin_uid = 2\n");
    write("10-a.conf", "[gate]\nmin_uid = 1\n");
    write("9-c.conf", "[gate]\nmin_uid = 3\n");
    TEXT_EQUAL(
        drop_in("20-b.conf") + ":2: min_uid is set twice, first in " + drop_in("10-a.conf") + ":2",
        folder.error());
}

TEST(config_drop_ins, end_in_conf_and_are_not_hidden) {
    for (const char* name : {"a.conf.bak", "a.conf~", "README", ".a.conf", ".conf", "a.CONF"})
        write(name, "rubbish\n");
    TEXT_EQUAL("", folder.error());
}

TEST(config_drop_ins, are_named_in_their_errors) {
    write("a.conf", "[gate]\nmin_uid = -1\n");
    TEXT_EQUAL(drop_in("a.conf") + ":2: min_uid: not a uid above 0", folder.error());
}

TEST(config_drop_ins, begin_outside_of_every_section) {
    write("a.conf", "ca_file = /ca.pem\n");
    TEXT_CONTAINS(drop_in("a.conf") + ":1: ca_file stands in no section", folder.error());
}

TEST(config_drop_ins, are_files) {
    make_directory(drop_in("a.conf"));
    TEXT_EQUAL(drop_in("a.conf") + " is not a regular file", folder.error());
}

TEST(config_drop_ins, that_lead_nowhere_are_an_error) {
    make_directory(folder / "together.conf.d");
    std::filesystem::create_symlink("nowhere", drop_in("a.conf"));
    TEXT_CONTAINS("cannot open " + drop_in("a.conf"), folder.error());
}

TEST(config_drop_ins, stand_in_a_folder) {
    folder.write("together.conf.d", "");
    TEXT_EQUAL("cannot open " + (folder / "together.conf.d") + ": Not a directory", folder.error());
}

TEST(config, has_volumes_each_with_its_name) {
    folder.write("together.conf", ConfigFolder::required() +
                                      "[volume \"scratch\"]\npath = /scratch\n"
                                      "[volume \"vault.2\"]\npath = /data/vault\n"
                                      "members = admins\nsticky = yes\n");
    const auto config = folder.load();
    CHECK_TRUE(config.has_value());
    CHECK_TRUE(config->volumes == (std::vector<VolumeConfig>{
                                      {"scratch", "/scratch", false, false},
                                      {"vault.2", "/data/vault", true, true},
                                  }));
    const auto settings = settings_in_force(*config);
    TEXT_EQUAL("volume.vault.2.sticky", settings.back().name);
    TEXT_EQUAL("yes", settings.back().value);
}

TEST(config, names_what_is_wrong_with_a_volume) {
    const auto wrong = [&](const std::string& text) {
        return folder.error_of(ConfigFolder::required() + text);
    };
    const auto at = folder.path();
    TEXT_EQUAL(at + ": [volume \"a\"] path is missing", wrong("[volume \"a\"]\n"));
    TEXT_EQUAL(at + ":6: path is set twice, first in " + at + ":5",
               wrong("[volume \"a\"]\npath = /a\npath = /b\n"));
    TEXT_EQUAL(at + ": [volume \"a\"] path is that of \"b\", too",
               wrong("[volume \"a\"]\npath = /a\n[volume \"b\"]\npath = /a\n"));
    TEXT_EQUAL(at + ":5: unknown key paht in [volume \"a\"]", wrong("[volume \"a\"]\npaht = /a\n"));
    TEXT_EQUAL(at + ":5: members: must be members or admins",
               wrong("[volume \"a\"]\nmembers = all\n"));
    TEXT_EQUAL(at + ":5: sticky: must be yes or no", wrong("[volume \"a\"]\nsticky = 1\n"));
    for (const std::string section : {"volume", "volume a", "volume \"a", "Volume \"a\""})
        TEXT_CONTAINS(":4: unknown section [" + section + "]", wrong("[" + section + "]\n"));
    for (const std::string name : {"", "a b", "a/b", "123456789012345678901234567890123"})
        TEXT_CONTAINS(":4: the name of a volume has", wrong("[volume \"" + name + "\"]\n"));
    for (const std::string path : {"", "data", "/data/", "//data", "/data/../etc", "/data/./a"})
        TEXT_CONTAINS(":5: path: ", wrong("[volume \"a\"]\npath = " + path + "\n"));
    for (const std::string path : {"/", "/home", "/usr", "/usr/local", "/etc/a", "/var", "/root"})
        TEXT_EQUAL(at + ":5: path: \"" + path + "\" is the system's own folder",
                   wrong("[volume \"a\"]\npath = " + path + "\n"));
}

// What only others read locks nobody out; they name it.
TEST(config, of_a_gate_passes_over_slips_in_sections_of_others) {
    for (const std::string slip : {"[accounts]\nenabeld = yes\n", "[volume \"a\"]\npath = a\n",
                                   "[accounts]\nenabled = yes\nenabled = no\n"}) {
        folder.write("together.conf", ConfigFolder::required() + slip);
        const auto config = load_config(folder.path());
        CHECK_TEXT(config.has_value(), slip.c_str());
        TEXT_EQUAL("proj_a", config->project);
        TEXT_CONTAINS(folder.path() + ":", load_node_config(folder.path()).error().message);
        CHECK_TEXT(load_authorizer_config(folder.path()).has_value(), slip.c_str());
    }
    folder.write("together.conf", ConfigFolder::required() + "[acounts]\nenabled = yes\n");
    TEXT_CONTAINS(":4: unknown section [acounts]", load_config(folder.path()).error().message);
    folder.write("together.conf", ConfigFolder::required() + "[accounts]\nenabled\n");
    CHECK_FALSE(load_config(folder.path()).has_value());
}

TEST(config, of_the_authorizer_has_its_own_sections_and_the_gates) {
    folder.write("together.conf", ConfigFolder::required() +
                                      "[kubernetes]\nnamespaces = team\n"
                                      "[http]\nlisten = unix:/run/x.sock\n");
    const auto config = load_authorizer_config(folder.path());
    CHECK_TRUE(config.has_value());
    TEXT_EQUAL("proj_a", config->project);
    TEXT_EQUAL("team", config->kubernetes.namespaces.at(0));
    TEXT_EQUAL("unix:/run/x.sock", config->http.listen);
    for (const std::string slip : {"[kubernetes]\nlisten = 127.0.0.1:1\n", "[http]\nlisten\n",
                                   "[kubernetes]\nnamespaces = kube-system\n", "[http]\nmap = x\n",
                                   "[gate]\nmod = observe\n"}) {
        folder.write("together.conf", ConfigFolder::required() + slip);
        CHECK_FALSE(load_authorizer_config(folder.path()).has_value());
    }
}
