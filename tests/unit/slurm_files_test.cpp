// SPDX-License-Identifier: Apache-2.0
// slurm.conf and plugstack.conf: our plug-ins in, and out again byte for byte.
#include "togetherctl/slurm/slurm_files.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"
#include "togetherctl/editing/marked_block.h"

using namespace together::ctl;

namespace {

const std::string sign =
    "# together-access: togetherctl enable put \"together\" into the next line's list\n";

std::string block(const std::string& line) {
    return std::string(block_begin) + "\n" + line + "\n" + std::string(block_end) + "\n";
}

}  // namespace

struct JobSubmitListGroup : Utest {
    static void becomes(const std::string& text, const std::string& wanted) {
        const auto edited = with_job_submit(text);
        CHECK_TRUE(edited.has_value());
        TEXT_EQUAL(wanted, *edited);
        TEXT_EQUAL(wanted, *with_job_submit(*edited));
        TEXT_EQUAL(text, *without_job_submit(*edited));
        CHECK_FALSE(job_submit_by_hand(*edited));
    }
};

TEST_GROUP_BASE(job_submit_list, JobSubmitListGroup){};

TEST(job_submit_list, is_made_where_there_is_none) {
    becomes("ClusterName=c\n", "ClusterName=c\n" + block("JobSubmitPlugins=together"));
    becomes("", block("JobSubmitPlugins=together"));
    becomes("#JobSubmitPlugins=lua\n",
            "#JobSubmitPlugins=lua\n" + block("JobSubmitPlugins=together"));
    TEXT_EQUAL("A=b", *without_job_submit(*with_job_submit("A=b")));
}

TEST(job_submit_list, gets_us_first) {
    becomes("A=b\nJobSubmitPlugins=lua\nC=d\n",
            "A=b\n" + sign + "JobSubmitPlugins=together,lua\nC=d\n");
    becomes("  jobsubmitplugins = lua,all_partitions  # ours\n",
            sign + "  jobsubmitplugins = together,lua,all_partitions  # ours\n");
    becomes("JobSubmitPlugins=\"lua\"\n", sign + "JobSubmitPlugins=\"together,lua\"\n");
    becomes("JobSubmitPlugins=\n", sign + "JobSubmitPlugins=together\n");
    becomes("JobSubmitPlugins=lua", sign + "JobSubmitPlugins=together,lua");
    becomes("JobSubmitPlugins=not_together\n", sign + "JobSubmitPlugins=together,not_together\n");
}

TEST(job_submit_list, is_found_between_other_keys_of_its_line) {
    becomes("SlurmctldPort=1  JobSubmitPlugins=lua\tPluginDir=/x # y\n",
            sign + "SlurmctldPort=1  JobSubmitPlugins=together,lua\tPluginDir=/x # y\n");
    becomes("A = \"b JobSubmitPlugins=c\" JobSubmitPlugins = \"lua\" D=e",
            sign + "A = \"b JobSubmitPlugins=c\" JobSubmitPlugins = \"together,lua\" D=e");
    CHECK_FALSE(with_job_submit("JobSubmitPlugins=a JobSubmitPlugins=b\n").has_value());
    CHECK_TRUE(job_submit_by_hand("A=b JobSubmitPlugins=lua,together C=d\n"));
}

TEST(job_submit_list, that_was_changed_meanwhile_loses_us_only) {
    TEXT_EQUAL("JobSubmitPlugins=lua,partition\n",
               *without_job_submit(sign + "JobSubmitPlugins=lua,together,partition\n"));
    TEXT_EQUAL("JobSubmitPlugins=lua\n",
               *without_job_submit(sign + "JobSubmitPlugins=lua,job_submit/together\n"));
    TEXT_EQUAL("A=b\nJobSubmitPlugins=lua\n",
               *without_job_submit(sign + "A=b\nJobSubmitPlugins=lua\n"));
    TEXT_EQUAL("A=b\n", *without_job_submit(sign + "A=b\n"));
    TEXT_EQUAL("JobSubmitPlugins=lua\nA=b\n",
               *without_job_submit("JobSubmitPlugins=lua,together\n" + sign + "A=b\n"));
}

TEST(job_submit_list, that_has_us_by_hand_stays) {
    for (const std::string text : {"JobSubmitPlugins=together\n", "JobSubmitPlugins=lua,together\n",
                                   "JobSubmitPlugins=\"lua, job_submit/together\" # x\n"}) {
        TEXT_EQUAL(text, *with_job_submit(text));
        TEXT_EQUAL(text, *without_job_submit(text));
        CHECK_TRUE(job_submit_by_hand(text));
    }
    CHECK_FALSE(job_submit_by_hand("JobSubmitPlugins=lua\n"));
}

TEST(job_submit_list, that_stands_twice_is_left_alone) {
    const auto edited = with_job_submit("JobSubmitPlugins=a\nX=y\njobSubmitPlugins=b\n");
    CHECK_FALSE(edited.has_value());
    CHECK_TRUE(edited.error().message.find("lines 1 and 3") != std::string::npos);
    CHECK_FALSE(with_job_submit("A=b \\\n").has_value());
}

struct SpankLineGroup : Utest {
    static void becomes(const std::string& text, const std::string& wanted) {
        const auto edited = with_spank(text, {});
        TEXT_EQUAL(wanted, *edited);
        TEXT_EQUAL(wanted, *with_spank(*edited, {}));
        TEXT_EQUAL(text, *without_spank(*edited));
    }
};

TEST_GROUP_BASE(spank_line, SpankLineGroup){};

TEST(spank_line, stands_before_all_others) {
    const auto ours = block("required spank_together.so");
    becomes("include /etc/slurm/plugstack.conf.d/*.conf\n",
            ours + "include /etc/slurm/plugstack.conf.d/*.conf\n");
    becomes("# Head\n\noptional a.so\n", "# Head\n\n" + ours + "optional a.so\n");
    becomes("# Head\n", "# Head\n" + ours);
    becomes("", ours);
    TEXT_EQUAL("# Head", *without_spank(*with_spank("# Head", {})));
}

TEST(spank_line, takes_arguments) {
    TEXT_EQUAL(block("required spank_together.so config=/x"), *with_spank("", {"config=/x"}));
    TEXT_EQUAL(block("required spank_together.so config=/x"),
               *with_spank(block("required spank_together.so"), {"config=/x"}));
}

TEST(spank_line, by_hand_stays) {
    for (const std::string text : {"required /opt/spank_together.so config=/x\n",
                                   "\trequired\tspank_together.so # ours\n"}) {
        TEXT_EQUAL(text, *with_spank(text, {}));
        TEXT_EQUAL(text, *without_spank(text));
        LONGS_EQUAL(1, spank_by_hand(text).size());
        TEXT_EQUAL("", spank_by_hand(text)[0].wrong);
    }
    const auto found = spank_by_hand("# x\nrequired /opt/spank_together.so config=/x # y\n");
    LONGS_EQUAL(2, found[0].number);
    TEXT_EQUAL("/opt/spank_together.so", found[0].path);
    TEXT_EQUAL("/x", found[0].config_path);
    // Slurm ignores a line with a typing error: it is none.
    for (const auto& text : std::vector<std::string>{
             "requird spank_together.so\n", "#required spank_together.so\n",
             "required not_spank_together.so\n", block("required spank_together.so")})
        CHECK_TRUE(spank_by_hand(text).empty());
}

TEST(spank_line, by_hand_that_would_let_jobs_pass_does_not_count) {
    const auto why = [](const std::string& text) {
        const auto found = spank_by_hand(text);
        LONGS_EQUAL(1, found.size());
        return found[0].wrong;
    };
    TEXT_EQUAL("\"optional\" never refuses a job; write \"required\"",
               why("optional spank_together.so\n"));
    TEXT_EQUAL("\"lib/spank_together.so\" is neither the bare name nor an absolute path",
               why("required lib/spank_together.so\n"));
    for (const std::string wrong : {"confg=/x", "config=x", "\"config=/x\""})
        TEXT_EQUAL("wrong argument: " + wrong, why("required spank_together.so " + wrong + "\n"));
    TEXT_EQUAL("wrong argument: config=/y",
               why("required spank_together.so config=/x config=/y\n"));
}

TEST(spank_line, by_hand_is_never_in_the_stead_of_our_block) {
    const auto ours = block("required spank_together.so");
    for (const std::string text : {"optional spank_together.so\n", "required spank_together.so\n"})
        TEXT_EQUAL(ours + text, *with_spank(ours + text, {}));
    TEXT_EQUAL(ours + "optional spank_together.so\n",
               *with_spank("optional spank_together.so\n", {}));
}

TEST(spank_line, of_another_in_our_block_is_not_lost) {
    const std::string two = "required spank_together.so\nrequired a.so";
    CHECK_FALSE(with_spank(block(two), {}).has_value());
    CHECK_FALSE(without_spank(block(two)).has_value());
    const std::string loosened = block("optional spank_together.so");
    TEXT_EQUAL(block("required spank_together.so"), *with_spank(loosened, {}));
}

TEST(job_submit_list, of_another_in_our_block_is_not_lost) {
    for (const char* line :
         {"JobSubmitPlugins=together,lua", "JobSubmitPlugins=together\nPluginDir=/x",
          "JobSubmitPlugins=together PluginDir=/x"}) {
        const auto bare = without_job_submit("A=b\n" + block(line));
        CHECK_FALSE(bare.has_value());
        CHECK_TRUE(bare.error().message.find("stands between") != std::string::npos);
    }
    TEXT_EQUAL("", *without_job_submit(block("jobsubmitplugins = \"job_submit/together\"")));
}

TEST_GROUP(slurm_settings){};

TEST(slurm_settings, are_found_as_slurm_finds_them) {
    const char* text = "PlugStackConfig = /a b\nplugstackconfig=\"/c\" # x\n#PlugStackConfig=/d\n";
    TEXT_EQUAL("/c", *slurm_setting(text, "PlugStackConfig"));
    CHECK_FALSE(slurm_setting(text, "PluginDir").has_value());
    TEXT_EQUAL("/c", *slurm_setting("A=\"PluginDir=/b \" PluginDir=/c D=e\n", "PluginDir"));
    CHECK_TRUE(slurm_includes("include a.conf # x\nInclude  /b\nincluded c\n") ==
               (std::vector<std::string>{"a.conf", "/b"}));
}

TEST_GROUP(plugstack){};

TEST(plugstack, is_read_as_slurm_reads_it) {
    using Kind = PlugstackLine::Kind;
    const auto lines = plugstack_lines(
        "# a comment\nrequired a.so x=1\n\n  optional\t/b.so # why\ninclude c/*.conf\n"
        "requird d.so\nrequired\nRequired e.so\n");
    const std::vector<std::pair<Kind, std::string>> wanted = {
        {Kind::required, "a.so"}, {Kind::optional, "/b.so"}, {Kind::include, "c/*.conf"},
        {Kind::ignored, "d.so"},  {Kind::ignored, ""},       {Kind::ignored, "e.so"}};
    LONGS_EQUAL(wanted.size(), lines.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        CHECK_TRUE(lines[i].kind == wanted[i].first);
        TEXT_EQUAL(wanted[i].second, lines[i].path);
    }
    LONGS_EQUAL(2, lines[0].number);
    LONGS_EQUAL(4, lines[1].number);
    CHECK_TRUE(lists_the_gate("lua, job_submit/together"));
    CHECK_FALSE(lists_the_gate("(null)"));
}

TEST(slurm_settings, a_parameter_is_found_whatever_its_case) {
    for (const auto* text :
         {"allow_user_triggers", "a=1,Allow_User_Triggers", "ALLOW_USER_TRIGGERS,b"})
        CHECK_TEXT(has_parameter(text, "allow_user_triggers"), text);
    for (const auto* text : {"", "allow_user_trigger", "allow,user_triggers"})
        CHECK_TEXT(!has_parameter(text, "allow_user_triggers"), text);
}
