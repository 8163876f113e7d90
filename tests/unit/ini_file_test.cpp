// SPDX-License-Identifier: Apache-2.0
// INI files, read strictly: a line that libinih would read as another setting is an error.
#include "common/config/ini_file.h"

#include <CppUTest/TestHarness.h>

#include <vector>

#include "tests/unit/support/texts.h"

using namespace together;

namespace {

std::string describe(const IniEntry& entry) {
    return std::to_string(entry.line) + " [" + std::string(entry.section) + "] " +
           std::string(entry.key) + "=" + std::string(entry.value) + "\n";
}

// All entries in order, or the error.
std::string read(const std::string& text) {
    std::string entries;
    const auto result = read_ini(text, "file", [&](const IniEntry& entry) {
        entries += describe(entry);
        return std::nullopt;
    });
    return result ? entries : "error: " + result.error().message;
}

std::string of_length(std::size_t length) {
    std::string line = "key = ";
    return line + std::string(length - line.size(), 'x');
}

}  // namespace

TEST_GROUP(ini_file){};

TEST(ini_file, has_sections_and_keys_with_values) {
    TEXT_EQUAL("2 [a] x=1\n3 [a] y=two words\n5 [b] x=3\n",
               read("[a]\nx = 1\ny=two words\n[b]\nx =3\n"));
}

TEST(ini_file, may_have_keys_outside_a_section) {
    TEXT_EQUAL("1 [] login=alice\n", read("login = alice\n"));
}

TEST(ini_file, may_lack_the_last_newline) {
    TEXT_EQUAL("2 [a] x=1\n", read("[a]\nx = 1"));
}

TEST(ini_file, may_be_empty) {
    TEXT_EQUAL("", read(""));
    TEXT_EQUAL("", read("\n\n   \n\t\n"));
}

TEST(ini_file, counts_comments_and_blank_lines) {
    TEXT_EQUAL("6 [a] x=1\n",
               read("# one\n; two\n\n[a]\n# " + std::string(500, 'c') + "\nx = 1\n"));
}

TEST(ini_file, keeps_what_a_comment_says_out) {
    TEXT_EQUAL("", read("# [a]\n; x = 1\n#x = 1\n;[a]\n"));
}

TEST(ini_file, keeps_a_hash_an_equals_sign_and_a_semicolon_within_a_value) {
    TEXT_EQUAL("1 [] contact=#ops;x=y\n", read("contact = #ops;x=y\n"));
}

TEST(ini_file, may_have_an_empty_value) {
    TEXT_EQUAL("1 [] x=\n2 [] y=\n", read("x =\ny = \n"));
}

TEST(ini_file, loses_blanks_around_keys_and_values_only) {
    TEXT_EQUAL("1 [] x=a  b\n", read("x   =  a  b  \t\n"));
}

TEST(ini_file, may_begin_with_a_byte_order_mark) {
    TEXT_EQUAL("2 [a] x=1\n", read("\xef\xbb\xbf[a]\nx = 1\n"));
}

TEST(ini_file, may_have_blanks_behind_a_section) {
    TEXT_EQUAL("2 [a] x=1\n", read("[a] \t\nx = 1\n"));
}

TEST(ini_file, passes_on_the_handlers_problem_with_file_and_line) {
    const auto result = read_ini("x = 1\ny = 2\nz = 3\n", "name", [](const IniEntry& entry) {
        return entry.key == "x" ? std::nullopt : std::optional("no " + std::string(entry.key));
    });
    CHECK_FALSE(result.has_value());
    TEXT_EQUAL("name:2: no y", result.error().message);
}

TEST(ini_file, stops_at_the_first_error) {
    TEXT_EQUAL("error: file:2: neither a [section] nor a line of the form key = value",
               read("x = 1\nrubbish\ny = 2\n  z = 3\n"));
    int calls = 0;
    CHECK_FALSE(read_ini("x = 1\ny = 2\n", "file", [&](const IniEntry&) {
                    ++calls;
                    return std::optional<std::string>("bad");
                }).has_value());
    LONGS_EQUAL(1, calls);
}

TEST(ini_file, tells_where_a_section_begins_even_an_empty_one) {
    std::string sections;
    const auto read = [&](const std::string& text) {
        return read_ini(
            text, "file", [](const IniEntry&) { return std::nullopt; },
            [&](std::string_view section) {
                sections += std::string(section) + ";";
                return section == "bad" ? std::optional<std::string>("no") : std::nullopt;
            });
    };
    CHECK_TRUE(read("[a]\n[b] \nx = 1\n# [c]\n[]\n").has_value());
    TEXT_EQUAL("a;b;;", sections);
    TEXT_EQUAL("file:2: no", read("[a]\n[bad]\nrubbish\n").error().message);
}

TEST(ini_file, refuses_a_line_without_an_equals_sign) {
    TEXT_EQUAL("error: file:2: neither a [section] nor a line of the form key = value",
               read("[a]\nrubbish\n"));
}

TEST(ini_file, refuses_a_line_without_a_key) {
    TEXT_CONTAINS("error: file:1: ", read("= 1\n"));
}

TEST(ini_file, refuses_a_colon_in_the_place_of_the_equals_sign) {
    TEXT_CONTAINS("error: file:1: ", read("x: 1\n"));
    TEXT_CONTAINS("error: file:1: ", read("x: a = b\n"));
}

TEST(ini_file, refuses_a_section_that_does_not_end) {
    TEXT_CONTAINS("error: file:1: a section that does not end with ]", read("[a\nx = 1\n"));
    TEXT_CONTAINS("error: file:1: a section that does not end with ]", read("[a] x = 1\n"));
    TEXT_CONTAINS("error: file:1: a section that does not end with ]", read("[a] x]\ny = 1\n"));
    TEXT_CONTAINS("error: file:1: a section that does not end with ]",
                  read("\xef\xbb\xbf[a\nx = 1\n"));
}

TEST(ini_file, refuses_a_line_over_190_bytes) {
    TEXT_CONTAINS("1 [] key=xxx", read(of_length(190) + "\n"));
    TEXT_CONTAINS("1 [] key=xxx", read(of_length(190)));
    for (const std::size_t length : {191U, 198U, 199U, 200U, 201U, 5000U})
        TEXT_EQUAL("error: file:1: longer than 190 bytes", read(of_length(length) + "\nz = 1\n"));
}

TEST(ini_file, keeps_a_value_of_190_bytes_whole) {
    TEXT_EQUAL("1 [] key=" + std::string(184, 'x') + "\n2 [] z=1\n",
               read(of_length(190) + "\nz = 1\n"));
}

TEST(ini_file, refuses_an_indented_line) {
    TEXT_CONTAINS("error: file:2: indented", read("x = 1\n  y = 2\n"));
    TEXT_CONTAINS("error: file:2: indented", read("x = 1\n\ty\n"));
    TEXT_CONTAINS("error: file:1: indented", read(" [a]\n"));
    TEXT_CONTAINS("error: file:1: indented", read("\xef\xbb\xbf  x = 1\n"));
}

TEST(ini_file, refuses_a_comment_behind_a_setting) {
    TEXT_CONTAINS("error: file:1: a comment behind a setting", read("x = 1 ; one\n"));
    TEXT_CONTAINS("error: file:1: a comment behind a setting", read("x = 1\t;one\n"));
    TEXT_CONTAINS("error: file:1: a comment behind a setting", read("x = ;1\n"));
    TEXT_CONTAINS("error: file:1: a comment behind a setting", read("[a] ; one\n"));
}

TEST(ini_file, refuses_control_characters) {
    TEXT_EQUAL("error: file:1: a NUL byte", read(std::string("x = 1\0 2\n", 9)));
    TEXT_EQUAL("error: file:2: a NUL byte", read(std::string("x = 1\n\0", 7)));
    TEXT_EQUAL("error: file:1: a NUL byte", read(std::string("# \0\n", 4)));
    for (const char* text : {"x = 1\r\n", "[a]\r\nx = 1\r\n", "# one\r\n", "x = \x1b[31m\n"})
        TEXT_CONTAINS("error: file:1: a control character", read(text));
}

TEST(ini_file, takes_a_tab_for_a_blank) {
    TEXT_EQUAL("1 [] x=1\n", read("x\t=\t1\n"));
}

TEST(ini_file, takes_bytes_beyond_ascii_as_they_are) {
    TEXT_EQUAL("1 [] contact=K\xc3\xa4the\n", read("contact = K\xc3\xa4the\n"));
}
