// SPDX-License-Identifier: Apache-2.0
// Which name services, beside files and ours, have accounts of the node.
#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"
#include "together_refresh/child/other_services.h"

using namespace together;

namespace {

std::string services(const std::string& nsswitch) {
    return other_services(nsswitch, "passwd");
}

}  // namespace

TEST_GROUP(refresh_other_services){};

TEST(refresh_other_services, are_those_of_the_line_passwd) {
    TEXT_EQUAL(
        "sss systemd",
        services("# passwd: nis\npasswd: files together sss systemd # ldap\ngroup: files ldap\n"));
    TEXT_EQUAL(
        "sss",
        services(
            "passwd:\tfiles [NOTFOUND=continue] sss [!SUCCESS=return UNAVAIL = return] together"));
    TEXT_EQUAL("sss", services(" \tpasswd : files sss\n"));
    TEXT_EQUAL("ldap", other_services("passwd: files sss\ngroup: files ldap\n", "group"));
    TEXT_EQUAL("", services("passwd: files together"));
    TEXT_EQUAL("", services(""));
}
