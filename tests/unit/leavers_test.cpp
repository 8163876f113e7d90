// SPDX-License-Identifier: Apache-2.0
// The file of who left the roster, whose process is a Slurm job's, and what of /proc is hidden.
#include "common/roster/leavers.h"

#include <CppUTest/TestHarness.h>
#include <sys/stat.h>

#include <sstream>

#include "tests/unit/support/roster_folder.h"
#include "together_refresh/removal/belongings.h"

using namespace together;

namespace {

Leaver leaver(const std::string& login, std::optional<uid_t> uid, Leaver::Stage stage) {
    return {login, "user_" + login + " & co", uid, stage, {}};
}

}  // namespace

TEST_GROUP(leavers_file) {
    RosterFolder folder;
};

TEST(leavers_file, says_what_was_written) {
    const std::vector<Leaver> written = {leaver("alice", 10001, Leaver::Stage::seen),
                                         leaver("bob", {}, Leaver::Stage::warned),
                                         leaver("carol", 10003, Leaver::Stage::done),
                                         leaver("dave", 4, Leaver::Stage::held),
                                         leaver("eve", 10005, Leaver::Stage::back),
                                         leaver("frank", 10006, Leaver::Stage::unanswered)};
    CHECK_TRUE(write_leavers(folder.config, written).has_value());
    CHECK_TRUE(read_leavers(folder.config) == written);
    struct stat status {};
    LONGS_EQUAL(0, ::stat(folder.paths().leavers().c_str(), &status));
    LONGS_EQUAL(0600, status.st_mode & 07777);
}

TEST(leavers_file, that_is_missing_or_damaged_names_nobody) {
    CHECK_TRUE(read_leavers(folder.config).empty());
    write_file(folder.paths().leavers(),
               "seen\t1\nwarned\tx\tbob\tuser_bob\ngone\t1\tbob\tuser_bob\n\nseen\n\t\t\t\n");
    CHECK_TRUE(read_leavers(folder.config).empty());
}

TEST(leavers_file, of_somebody_else_is_not_believed) {
    CHECK_TRUE(write_leavers(folder.config, {leaver("bob", 1, Leaver::Stage::held)}).has_value());
    ::chmod(folder.paths().leavers().c_str(), 0666);
    CHECK_TRUE(read_leavers(folder.config).empty());
}

TEST_GROUP(a_jobs_cgroup){};

TEST(a_jobs_cgroup, is_slurms) {
    CHECK_TRUE(is_a_jobs_cgroup("0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n"));
    CHECK_TRUE(is_a_jobs_cgroup("0::/system.slice/gpu1_slurmstepd.scope/job_7/step_batch/user\n"));
    CHECK_TRUE(is_a_jobs_cgroup("8:memory:/slurm/uid_1000/job_7/step_batch/task_0\n1:cpu:/\n"));
    CHECK_TRUE(is_a_jobs_cgroup("4:freezer:/slurm_n1/uid_1000/job_7/step_0\n"));
}

TEST(a_jobs_cgroup, is_no_sessions) {
    CHECK_FALSE(is_a_jobs_cgroup(""));
    CHECK_FALSE(is_a_jobs_cgroup("0::/user.slice/user-1000.slice/session-3.scope\n"));
    CHECK_FALSE(is_a_jobs_cgroup("0::/system.slice/ssh.service\n"));
    // Of pam_slurm_adopt.
    CHECK_FALSE(is_a_jobs_cgroup(
        "0::/system.slice/slurmstepd.scope/job_7/step_extern/user/task_special\n"));
    // A user made these folders.
    CHECK_FALSE(
        is_a_jobs_cgroup("0::/user.slice/user-1000.slice/user@1000.service/"
                         "slurmstepd.scope/job_7/step_0\n"));
    CHECK_FALSE(is_a_jobs_cgroup("0::/a/job_7\n"));
    CHECK_FALSE(is_a_jobs_cgroup("0::/step_0/job_7\n"));
}

TEST_GROUP(proc) {
    static bool hides(const std::string& mountinfo) {
        std::istringstream lines(mountinfo);
        return proc_hides_processes(lines);
    }
    const std::string open = "22 28 0:21 / /proc rw,relatime shared:12 - proc proc rw\n";
    const std::string hidden = "93 28 0:50 / /proc rw,nosuid - proc proc rw,hidepid=invisible\n";
};

TEST(proc, hides_processes_with_hidepid) {
    CHECK_FALSE(hides(""));
    CHECK_FALSE(hides(open));
    CHECK_FALSE(hides("22 28 0:21 / /proc rw - proc proc rw,hidepid=0\n"));
    CHECK_FALSE(hides("22 28 0:21 / /proc rw - proc proc rw,hidepid=off,gid=4\n"));
    CHECK_TRUE(hides("22 28 0:21 / /proc rw - proc proc rw,gid=4,hidepid=2\n"));
    CHECK_TRUE(hides(hidden));
    // What is mounted last is seen.
    CHECK_TRUE(hides(open + hidden));
    CHECK_FALSE(hides(hidden + open));
}

TEST(proc, is_no_users_mount) {
    CHECK_TRUE(hides(hidden + "99 30 0:60 / /home/bob/x rw - fuse.sshfs /proc rw,user_id=9\n"));
    CHECK_FALSE(
        hides(open + "99 30 0:60 / /home/bob/hidepid=2 rw - fuse.sshfs /proc rw,user_id=9\n"));
}
