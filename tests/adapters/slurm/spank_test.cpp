// SPDX-License-Identifier: Apache-2.0
// spank_together.so through its entry points, loaded as Slurm loads it.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <map>

#include "tests/adapters/slurm/support/adapter.h"
#include "tests/adapters/slurm/support/fake_slurm.h"
#include "tests/adapters/slurm/support/node.h"

namespace {

using Hook = int(spank_t, int, char**);

// For good: what slurmstepd does before it runs a user's program.
bool can_become(uid_t uid) {
    return ::setresuid(uid, uid, uid) == 0;
}

// A process that was barred from becoming somebody stays so.
template <class Body>
bool holds_in_child(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body() ? 0 : 1);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_GROUP(spank) {
    Node node;
    Adapter adapter{SPANK_TOGETHER};

    void setup() override {
        fake_slurm().reset();
    }

    int call(const char* name, std::vector<std::string> arguments = {}) const {
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        return adapter.find<Hook>(name)(nullptr, static_cast<int>(argv.size()), argv.data());
    }
    // A step's life on a node: its start, then one task.
    int start_task(const std::vector<std::string>& arguments = {}) const {
        CHECK_EQUAL(0, call("slurm_spank_init", arguments));
        return call("slurm_spank_task_init_privileged", arguments);
    }
    static std::string told() {
        CHECK_EQUAL(1, fake_slurm().told.size());
        return fake_slurm().told.front();
    }
};

TEST(spank, a_collaborator_is_let_in_and_his_job_knows_its_role) {
    CHECK_EQUAL(0, start_task());
    CHECK_TRUE(fake_slurm().told.empty());
    CHECK((fake_slurm().job_environment ==
           std::map<std::string, std::string>{{"TOGETHER_PROJECT_ID", "proj_a"},
                                              {"TOGETHER_ROLE", "admin"}}));
    CHECK_EQUAL(1, fake_slurm().infos.size());
    STRCMP_CONTAINS("spank_together: login=alice uid=10001 service=slurmstepd",
                    fake_slurm().infos.front().c_str());
    STRCMP_CONTAINS("step=7.7", fake_slurm().infos.front().c_str());
}

TEST(spank, a_stranger_is_refused_with_minus_one) {
    fake_slurm().job_uid = 10009;
    CHECK_EQUAL(-1, start_task());
    STRCMP_CONTAINS("uid 10009 is not a collaborator of project proj_a", told().c_str());
    CHECK_TRUE(fake_slurm().job_environment.empty());
}

TEST(spank, only_the_first_task_of_a_node_speaks) {
    fake_slurm().job_uid = 10009;
    fake_slurm().local_task = 3;
    CHECK_EQUAL(-1, start_task());
    CHECK_TRUE(fake_slurm().told.empty() && fake_slurm().infos.empty());
}

TEST(spank, what_a_user_set_himself_goes) {
    node.configure("exempt_users = 10009\n");
    fake_slurm().job_uid = 10009;
    fake_slurm().job_environment["TOGETHER_ROLE"] = "admin";
    CHECK_EQUAL(0, start_task());
    CHECK_EQUAL(0, fake_slurm().job_environment.count("TOGETHER_ROLE"));
}

TEST(spank, in_observe_mode_a_stranger_runs_without_a_role) {
    node.configure("mode = observe\n");
    fake_slurm().job_uid = 10009;
    CHECK_EQUAL(0, start_task());
    STRCMP_CONTAINS("would=deny", fake_slurm().infos.front().c_str());
    CHECK_TRUE(fake_slurm().job_environment.empty());
}

TEST(spank, root_runs_whatever_is_wrong) {
    fake_slurm().job_uid = 0;
    CHECK_EQUAL(0, start_task({"nonsense"}));
    std::filesystem::remove(node.path);
    CHECK_EQUAL(0, start_task());
}

TEST(spank, a_wrong_argument_is_unavailable_for_everybody_else) {
    CHECK_EQUAL(-1, start_task({"nonsense"}));
    STRCMP_CONTAINS("Access cannot be decided now: this node's access gate is called with wrong",
                    told().c_str());
    STRCMP_CONTAINS("detail=\"wrong argument: nonsense\"", fake_slurm().infos.front().c_str());
}

TEST(spank, a_broken_configuration_is_unavailable_and_logged_with_its_line) {
    write_file(node.path, "[api]\nnonsense = 1\n");
    CHECK_EQUAL(-1, start_task());
    STRCMP_CONTAINS("access gate is not configured correctly", told().c_str());
    STRCMP_CONTAINS("together.conf:2: unknown key nonsense", fake_slurm().errors.front().c_str());
}

TEST(spank, another_configuration_by_argument) {
    std::filesystem::rename(node.path, "/etc/together/other.conf");
    CHECK_EQUAL(0, start_task({"config=/etc/together/other.conf"}));
}

// A task's process is in the reach of the job's user, slurmstepd is not.
TEST(spank, is_decided_when_the_step_starts) {
    CHECK_EQUAL(0, call("slurm_spank_init"));
    std::filesystem::remove(node.path);
    std::filesystem::remove(node.roster.path());
    CHECK_EQUAL(0, call("slurm_spank_task_init_privileged"));
}

// No task of it is ever started, but X11 forwarding is its.
TEST(spank, a_refused_step_cannot_become_its_user_nor_can_its_extern_step) {
    for (const std::uint32_t step : {std::uint32_t{0}, std::uint32_t{SLURM_EXTERN_CONT}}) {
        fake_slurm().step = step;
        CHECK_TRUE(holds_in_child([&] {
            fake_slurm().job_uid = 10009;
            return call("slurm_spank_init") == 0 && !can_become(10009) && can_become(10008);
        }));
        CHECK_TRUE(holds_in_child([&] {
            std::filesystem::remove(node.path);
            return call("slurm_spank_init") == 0 && !can_become(10001);
        }));
        node.configure("");
    }
}

// Nobody of these is refused in another test: what was barred stays so.
TEST(spank, a_step_that_is_let_in_can) {
    for (const char* gate : {"exempt_users = 10008\n", "mode = observe\n"}) {
        node.configure(gate);
        CHECK_TRUE(holds_in_child([&] {
            fake_slurm().job_uid = 10008;
            return call("slurm_spank_init") == 0 && can_become(10008);
        }));
    }
}

TEST(spank, a_damaged_roster_is_named_as_people_know_it) {
    write_file(node.roster.path(), "nonsense");
    CHECK_EQUAL(-1, start_task());
    STRCMP_CONTAINS((node.roster.path() + " is damaged").c_str(),
                    fake_slurm().infos.front().c_str());
    CHECK(fake_slurm().infos.front().find("/proc/self/fd") == std::string::npos);
}

TEST(spank, a_task_whose_user_slurm_does_not_tell_is_refused) {
    CHECK_TRUE(holds_in_child([&] {
        fake_slurm().tells_whose_job = false;
        return call("slurm_spank_init") == 0 && call("slurm_spank_task_init_privileged") == -1 &&
               !can_become(10001);
    }));
}

TEST(spank, a_task_without_a_start_is_refused) {
    CHECK_EQUAL(-1, call("slurm_spank_task_init_privileged"));
}

TEST(spank, slurmd_starts_and_says_what_is_wrong) {
    fake_slurm().context = S_CTX_SLURMD;
    CHECK_EQUAL(0, call("slurm_spank_init"));
    CHECK_TRUE(fake_slurm().errors.empty());
    CHECK_EQUAL(0, call("slurm_spank_init", {"nonsense"}));
    std::filesystem::remove(node.path);
    CHECK_EQUAL(0, call("slurm_spank_init"));
    CHECK_EQUAL(2, fake_slurm().errors.size());
    STRCMP_CONTAINS("wrong argument: nonsense: every task is refused",
                    fake_slurm().errors.front().c_str());
}

TEST(spank, a_client_of_root_is_let_through) {
    fake_slurm().context = S_CTX_ALLOCATOR;
    CHECK_EQUAL(0, call("slurm_spank_init"));
    fake_slurm().context = S_CTX_ERROR;
    CHECK_EQUAL(0, call("slurm_spank_init"));
}
