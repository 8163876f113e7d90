// SPDX-License-Identifier: Apache-2.0
// job_submit_together.so through its entry points, by several threads at once as slurmctld does.
#include <atomic>
#include <cstdint>
#include <thread>

#include "tests/adapters/slurm/support/adapter.h"
#include "tests/adapters/slurm/support/fake_slurm.h"
#include "tests/adapters/slurm/support/node.h"
#include "tests/adapters/slurm/support/stuck_names.h"
#include "tests/adapters/slurm/support/waiting.h"

namespace {

using Start = int();
using Submit = int(job_desc_msg_t*, std::uint32_t, char**);

std::ptrdiff_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
}

}  // namespace

TEST_GROUP(job_submit) {
    Node node;
    Adapter adapter{JOB_SUBMIT_TOGETHER};

    void setup() override {
        fake_slurm().reset();
    }
    void teardown() override {
        answer_names();
    }

    int start() const {
        return adapter.find<Start>("init")();
    }
    void stop() const {
        adapter.find<Start>("fini")();
    }

    struct Answer {
        int code;
        std::string message;
    };
    Answer submit(uid_t uid, const char* before = nullptr) const {
        job_desc_msg_t job{};
        job.user_id = uid;
        char* message = before != nullptr ? ::strdup(before) : nullptr;
        char* const old = message;
        const int code = adapter.find<Submit>("job_submit")(&job, 0, &message);
        Answer answer{code, message != nullptr ? message : ""};
        if (message != old) ::free(old);
        ::free(message);
        return answer;
    }
};

TEST(job_submit, collaborators_pass_and_strangers_do_not) {
    CHECK_EQUAL(SLURM_SUCCESS, start());
    CHECK_EQUAL(SLURM_SUCCESS, submit(10001).code);
    const auto refused = submit(10009);
    CHECK_EQUAL(ESLURM_ACCESS_DENIED, refused.code);
    STRCMP_CONTAINS("uid 10009 is not a collaborator of project proj_a", refused.message.c_str());
    stop();
}

TEST(job_submit, another_plug_ins_message_stays) {
    CHECK_EQUAL(SLURM_SUCCESS, start());
    STRCMP_CONTAINS("lua says\nAccess denied", submit(10009, "lua says").message.c_str());
    STRCMP_EQUAL("lua says", submit(10001, "lua says").message.c_str());
    stop();
}

TEST(job_submit, root_and_slurms_own_user_pass_without_a_start) {
    CHECK_EQUAL(SLURM_SUCCESS, submit(0).code);
    CHECK_EQUAL(SLURM_SUCCESS, submit(::geteuid()).code);
    const auto refused = submit(10001);
    CHECK_EQUAL(ESLURM_ACCESS_DENIED, refused.code);
    STRCMP_CONTAINS("Access cannot be decided now", refused.message.c_str());
}

TEST(job_submit, it_starts_without_a_configuration_and_refuses) {
    std::filesystem::remove(node.path);
    CHECK_EQUAL(SLURM_SUCCESS, start());
    const auto refused = submit(10001);
    CHECK_EQUAL(ESLURM_ACCESS_DENIED, refused.code);
    STRCMP_CONTAINS("access gate is not configured correctly", refused.message.c_str());
    stop();
}

TEST(job_submit, it_can_be_started_and_stopped_again) {
    for (int round = 0; round < 3; ++round) {
        CHECK_EQUAL(SLURM_SUCCESS, start());
        CHECK_EQUAL(SLURM_SUCCESS, submit(10001).code);
        stop();
    }
}

TEST(job_submit, a_name_that_nobody_knows_yet_is_asked_for_by_another_thread) {
    node.roster.content.entries.push_back(entry_without_uid("ghost"));
    node.write_roster();
    hang_names();
    CHECK_EQUAL(SLURM_SUCCESS, start());
    const auto refused = submit(10009);
    CHECK_EQUAL(ESLURM_ACCESS_DENIED, refused.code);
    STRCMP_CONTAINS("Access cannot be decided yet", refused.message.c_str());
    CHECK_EQUAL(SLURM_SUCCESS, submit(10001).code);
    answer_names();
    wait_until([this] {
        return submit(10009).message.find("is not a collaborator") != std::string::npos;
    });
    stop();
}

TEST(job_submit, a_thread_that_the_name_service_holds_finds_its_code_when_it_comes_back) {
    node.roster.content.entries.push_back(entry_without_uid("ghost"));
    node.write_roster();
    hang_names();
    const auto threads = threads_of_this_process();
    CHECK_EQUAL(SLURM_SUCCESS, start());
    submit(10009);
    wait_until([] { return hanging_lookups() == 1; });
    stop();
    adapter.close();
    CHECK_EQUAL(1, hanging_lookups());
    answer_names();
    wait_until([threads] { return threads_of_this_process() == threads; });
}

TEST(job_submit, threads_submit_while_roster_and_configuration_are_replaced) {
    CHECK_EQUAL(SLURM_SUCCESS, start());
    std::atomic<int> wrong = 0;
    std::atomic<bool> end = false;
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number)
        threads.emplace_back([&] {
            while (!end) {
                if (submit(10001).code != SLURM_SUCCESS) ++wrong;
                if (submit(10009).code != ESLURM_ACCESS_DENIED) ++wrong;
            }
        });
    // Two looks of the submit check's own thread at the least.
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
    while (std::chrono::steady_clock::now() < until) {
        node.write_roster();
        node.configure("contact = Ask them.\n");
    }
    end = true;
    for (auto& thread : threads) thread.join();
    CHECK_EQUAL(0, wrong.load());
    stop();
}
