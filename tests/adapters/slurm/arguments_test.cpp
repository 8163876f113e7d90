// SPDX-License-Identifier: Apache-2.0
// The arguments in plugstack.conf.
#include <CppUTest/TestHarness.h>

#include "spank_together/spank_arguments.h"

using namespace together;

namespace {

SpankArguments parse(std::vector<std::string> given) {
    std::vector<char*> argv;
    for (auto& argument : given) argv.push_back(argument.data());
    return parse_spank_arguments(argv);
}

}  // namespace

TEST_GROUP(spank_arguments){};

TEST(spank_arguments, none) {
    STRCMP_EQUAL(default_config_path, parse({}).config_path.c_str());
    STRCMP_EQUAL("", parse({}).problem.c_str());
}

TEST(spank_arguments, another_configuration) {
    STRCMP_EQUAL("/x.conf", parse({"config=/x.conf"}).config_path.c_str());
}

TEST(spank_arguments, wrong_ones_are_told_the_first_first) {
    STRCMP_EQUAL("wrong argument: quiet", parse({"quiet", "debug"}).problem.c_str());
    STRCMP_EQUAL("wrong argument: ", parse({""}).problem.c_str());
    STRCMP_EQUAL("wrong argument: Config=/x", parse({"Config=/x"}).problem.c_str());
    STRCMP_EQUAL("not an absolute path: config=x", parse({"config=x"}).problem.c_str());
    STRCMP_EQUAL("not an absolute path: config=", parse({"config="}).problem.c_str());
    STRCMP_EQUAL("the argument is given twice: config=/b",
                 parse({"config=/a", "config=/b"}).problem.c_str());
}
