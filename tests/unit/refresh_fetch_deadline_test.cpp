// SPDX-License-Identifier: Apache-2.0
// Nothing that a child does holds its parent past the deadlines, or makes it use half a roster.
#include <CppUTest/TestHarness.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <thread>

#include "common/node_config/node_config.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/frames.h"
#include "tests/unit/support/roster_pages.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"
#include "together_refresh/child/request.h"
#include "together_refresh/child/unprivileged_child.h"

using namespace together;
using namespace std::chrono_literals;

namespace {

constexpr auto a_moment = 1500ms;  // this machine is shared

const NoteHandler no_notes = [](const std::string&) {};

RosterEntry entry(const std::string& login) {
    RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = "member";
    return result;
}

FetchSummary complete() {
    FetchSummary summary;
    summary.outcome = FetchOutcome::complete;
    return summary;
}

class StopWatch {
  public:
    // Within the deadline of a test, not earlier and hardly later.
    bool shows(Nanoseconds time) const {
        const auto took = std::chrono::steady_clock::now() - start_;
        return took >= time && took < time + a_moment;
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TEST_GROUP(refresh_fetch_deadline) {
    TestPipe pipe;
    Received received;
    StopWatch watch;

    PipeEnd end_of(const FetchRequest& request, int stop = -1) {
        return receive(pipe.reading(), {ChildTask::fetch, request}, stop, received, no_notes);
    }
};

TEST(refresh_fetch_deadline, silence_ends_at_the_deadline) {
    CHECK_TRUE(end_of(request_within(150ms, 0s)) == PipeEnd::deadline);
    CHECK_TRUE(watch.shows(150ms));
}

TEST(refresh_fetch_deadline, the_second_deadline_holds_once_the_summary_is_there) {
    FrameWriter frames(pipe.writing());
    frames.entry(entry("alice"));
    frames.summary(complete());
    CHECK_TRUE(end_of(request_within(20s, 150ms)) == PipeEnd::deadline);
    CHECK_TRUE(watch.shows(150ms));
    CHECK_TRUE(received.summary.has_value());
    LONGS_EQUAL(1, received.entries.size());
}

TEST(refresh_fetch_deadline, one_byte_after_the_other_moves_no_deadline) {
    std::atomic<bool> done = false;
    const auto head = raw_frame('n', std::string(600, 'n')).substr(0, 3);
    LONGS_EQUAL(3, ::write(pipe.writing(), head.data(), head.size()));
    std::thread writer([&] {
        while (!done) {
            if (::write(pipe.writing(), "n", 1) != 1) break;
            std::this_thread::sleep_for(20ms);  // sleeps: a slow writer
        }
    });
    CHECK_TRUE(end_of(request_within(300ms, 0s)) == PipeEnd::deadline);
    done = true;
    writer.join();
    CHECK_TRUE(watch.shows(300ms));
}

TEST(refresh_fetch_deadline, a_flood_moves_no_deadline) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        FrameWriter frames(pipe.writing());
        while (true) frames.note(std::string(500, 'x'));
    }
    const auto end = end_of(request_within(300ms, 0s));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    CHECK_TRUE(end == PipeEnd::deadline);
    CHECK_TRUE(watch.shows(300ms));
}

TEST(refresh_fetch_deadline, a_stop_ends_the_waiting_at_once) {
    TestPipe stop;
    FrameWriter frames(pipe.writing());
    frames.summary(complete());
    LONGS_EQUAL(1, ::write(stop.writing(), "x", 1));
    CHECK_TRUE(end_of(request_within(20s, 20s), stop.reading()) == PipeEnd::stopped);
    CHECK_TRUE(watch.shows(0ms));
}

TEST(refresh_fetch_deadline, a_writer_whose_reader_went_away_ends_its_process) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::signal(SIGPIPE, SIG_IGN);
        int ends[2];
        if (::pipe(ends) != 0) ::_exit(9);
        ::close(ends[0]);
        FrameWriter(ends[1]).note("x");
        ::_exit(0);
    }
    int status = 0;
    LONGS_EQUAL(pid, ::waitpid(pid, &status, 0));
    LONGS_EQUAL(1, WEXITSTATUS(status));
}

TEST(refresh_fetch_deadline, a_request_survives_the_way_to_the_child) {
    FetchRequest sent = request_within(1s, 2s);
    sent.first_byte_deadline = sent.deadline + 3s;
    sent.wait = 25s;
    sent.etag = "\"r7\"";
    sent.token = std::string("t\n\0k", 4);
    sent.to_look_up = {"alice", "bob"};
    sent.addresses = {"192.0.2.1", "2001:db8::1"};
    CHECK_TRUE(send_request(pipe.writing(), {ChildTask::access_check, sent}));
    const auto arrived = receive_request(pipe.reading());
    CHECK_TRUE(arrived.has_value());
    CHECK_TRUE(arrived->task == ChildTask::access_check);
    const FetchRequest* const got = &arrived->question;
    CHECK_TRUE(got->deadline == sent.deadline && got->lookups_deadline == sent.lookups_deadline);
    CHECK_TRUE(got->first_byte_deadline == sent.first_byte_deadline && got->wait == sent.wait);
    CHECK_TRUE(got->etag == sent.etag && got->token == sent.token);
    CHECK_TRUE(got->to_look_up == sent.to_look_up && got->lookups_limit == sent.lookups_limit);
    CHECK_TRUE(got->addresses == sent.addresses && got->sockets->empty());
    pipe.close_writing();
    CHECK_FALSE(receive_request(pipe.reading()).has_value());
}

TEST(refresh_fetch_deadline, people_survive_the_way_to_the_child) {
    const std::vector<PersonSeen> people = {{"user 1 of 2", "ssh", 1'700'000'000},
                                            {"u", "a.b-c", 1}};
    CHECK_TRUE(
        send_request(pipe.writing(), {ChildTask::last_seen, request_within(1s, 2s), people}));
    const auto got = receive_request(pipe.reading());
    CHECK_TRUE(got.has_value());
    CHECK_TRUE(got->task == ChildTask::last_seen && got->people == people);
}

TEST(refresh_fetch_deadline, a_request_takes_sockets_to_the_child) {
    FetchRequest sent = request_within(1s, 2s);
    sent.sockets = std::make_shared<ReservedSockets>();
    for (const int family : {AF_INET, AF_INET6})
        sent.sockets->emplace_back(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK_TRUE(send_request(pipe.writing(), {ChildTask::fetch, sent}));
    const auto got = receive_request(pipe.reading());
    CHECK_TRUE(got.has_value());
    auto& sockets = *got->question.sockets;
    LONGS_EQUAL(2, sockets.size());
    CHECK_TRUE(static_cast<bool>(take_socket(sockets, AF_INET6)));
    CHECK_FALSE(static_cast<bool>(take_socket(sockets, AF_INET6)));
    CHECK_TRUE(static_cast<bool>(take_socket(sockets, AF_INET)));
}

TEST(refresh_fetch_deadline, a_task_that_is_none_is_no_request) {
    CHECK_TRUE(send_request(pipe.writing(), {static_cast<ChildTask>(4), request_within(1s, 2s)}));
    CHECK_FALSE(receive_request(pipe.reading()).has_value());
}

TEST_GROUP(refresh_fetch_child) {
    TemporaryDirectory directory;
    NodeConfig config;

    void setup() override {
        config.project = "proj_123";
        config.base_url = "file://" + directory / "roster.json";
    }
    void teardown() override {
        // Whatever happened: no child is left.
        CHECK_TRUE(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD);
    }
    FetchResult fetch(const std::string& text) {
        write_file(directory / "roster.json", text);
        const FileDescriptor file(::open((directory / "roster.json").c_str(), O_RDONLY));
        return fetch(file.get());
    }
    FetchResult fetch(int file) {
        const auto child = UnprivilegedChild::start(config, file);
        return (*child)->fetch(request_within(10s, 10s), -1, no_notes);
    }
};

TEST(refresh_fetch_child, reads_the_roster_file) {
    const auto result = fetch(json_object(valid_page()));
    CHECK_TRUE(result.summary.outcome == FetchOutcome::complete);
    LONGS_EQUAL(1, result.entries.size());
    TEXT_EQUAL("alice", result.entries[0].login);
    LONGS_EQUAL(7, result.summary.revision.value());
    TEXT_EQUAL("", result.summary.message);
    TEXT_EQUAL("", result.summary.etag);  // a file is never asked for conditionally
}

TEST(refresh_fetch_child, says_what_is_odd_about_a_roster_that_holds) {
    const auto result =
        fetch(page_with_data("[" + json_object(with(valid_entry(), "role", R"("member")")) + "," +
                             json_object(with(valid_entry(), "login", "null")) + "]"));
    CHECK_TRUE(result.summary.outcome == FetchOutcome::complete);
    LONGS_EQUAL(1, result.summary.left_out);
    TEXT_EQUAL("the roster has no admin; 1 entries without a usable login are left out",
               result.summary.message);
    const auto unknown = fetch(page_with_data(
        "[" + json_object(valid_entry()) + "," +
        json_object(with(with(valid_entry(), "login", R"("bob")"), "role", R"("amdin")")) + "]"));
    TEXT_EQUAL("1 entries have a role other than admin and member, and do not get in",
               unknown.summary.message);
}

TEST(refresh_fetch_child, gives_no_entry_of_a_roster_that_is_not_believed) {
    const auto nobody = json_object(with(valid_entry(), "login", "null"));
    const auto more = json_object(with(valid_page(), "next_cursor", R"("x")"));
    for (const auto& [text, problem] : std::map<std::string, std::string>{
             {page_with_data("[]"), "no entries"},
             {page_with_data("[" + nobody + "]"), "none of its 1 entries has a usable login"},
             {more, "a roster file is one page"},
             {"", "not JSON"},
             {json_object(without(valid_page(), "data")), "data is missing"}}) {
        const auto result = fetch(text);
        CHECK_TRUE(result.summary.outcome == FetchOutcome::no_answer);
        TEXT_CONTAINS(problem, result.summary.message);
        TEXT_CONTAINS(directory / "roster.json: ", result.summary.message);
        LONGS_EQUAL(0, result.entries.size());
    }
}

TEST(refresh_fetch_child, a_descriptor_that_cannot_be_read_is_our_fault) {
    const auto result = fetch(-1);
    CHECK_TRUE(result.summary.outcome == FetchOutcome::our_fault);
    TEXT_CONTAINS(directory / "roster.json: ", result.summary.message);
}

TEST(refresh_fetch_child, a_host_that_ignores_children_changes_nothing) {
    ::signal(SIGCHLD, SIG_IGN);
    const auto result = fetch(json_object(valid_page()));
    ::signal(SIGCHLD, SIG_DFL);
    CHECK_TRUE(result.summary.outcome == FetchOutcome::complete);
}
