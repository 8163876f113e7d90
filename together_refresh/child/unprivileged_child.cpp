// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/unprivileged_child.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "common/system/errno_text.h"
#include "http_client/node_fault.h"
#include "together_refresh/child/tasks.h"
#include "together_refresh/process/process_setup.h"

namespace together {
namespace {

// A child that is killed for want of memory, and packets that are lost for it, are what any user
// can bring about.
FetchSummary without_answer(PipeEnd end) {
    if (end == PipeEnd::closed)
        return failed_fetch(FetchOutcome::our_fault,
                            "together-refresh's child ended without an answer");
    if (const auto why = what_is_used_up())
        return failed_fetch(FetchOutcome::our_fault, why->text + "; no answer within the deadline");
    return failed_fetch(FetchOutcome::no_answer, "no answer within the deadline");
}

FetchSummary summary_of(PipeEnd end, const Received& received) {
    if (end == PipeEnd::stopped) return failed_fetch(FetchOutcome::stopped, "stopped");
    // What an authority sent made it so, or it was taken over: no reason to ask in a loop.
    if (end == PipeEnd::nonsense)
        return failed_fetch(FetchOutcome::no_answer, "together-refresh's child sent nonsense");
    return received.summary ? *received.summary : without_answer(end);
}

}  // namespace

Result<std::unique_ptr<UnprivilegedChild>> UnprivilegedChild::start(const NodeConfig& config,
                                                                    int roster_file) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return failure(errno_text("socketpair", errno));
    FileDescriptor ours(ends[0]);
    FileDescriptor theirs(ends[1]);
    // A child that does not read its request must not hold us.
    const timeval patience{2, 0};
    ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const pid_t pid = ::fork();
    if (pid < 0) return failure(errno_text("fork", errno));
    if (pid == 0) {
        ours.reset();
        keep_only_descriptors({theirs.get(), roster_file});
        leave_terminal();
        run_child(config, theirs.get(), roster_file);
        // No destructors, no exit handlers: they are the parent's.
        ::_exit(0);
    }
    return std::unique_ptr<UnprivilegedChild>(
        new UnprivilegedChild(ForkedProcess(pid), std::move(ours)));
}

PipeEnd UnprivilegedChild::ask(const ChildRequest& request, int stop, const NoteHandler& note,
                               Received& received) {
    const PipeEnd end = send_request(channel_.get(), request)
                            ? receive(channel_.get(), request, stop, received, note)
                            : PipeEnd::closed;
    usable_ = end == PipeEnd::complete;
    return end;
}

FetchResult UnprivilegedChild::fetch(const FetchRequest& request, int stop,
                                     const NoteHandler& note) {
    Received received;
    const PipeEnd end = ask({ChildTask::fetch, request}, stop, note, received);
    FetchResult result;
    result.summary = summary_of(end, received);
    const bool has_answer = received.summary && end != PipeEnd::stopped && end != PipeEnd::nonsense;
    if (!has_answer) return result;
    result.entries = std::move(received.entries);
    result.accounts = std::move(received.accounts);
    result.uids = std::move(received.uids);
    result.since_answer = std::chrono::steady_clock::now() - received.answered;
    return result;
}

PipeEnd UnprivilegedChild::ask_within(Nanoseconds limit, ChildRequest request, Received& received) {
    request.question.deadline = std::chrono::steady_clock::now() + limit;
    request.question.lookups_deadline = request.question.deadline;
    return ask(
        request, -1, [](const std::string&) {}, received);
}

Result<Received> UnprivilegedChild::check(ChildTask task, const std::string& token,
                                          Nanoseconds limit) {
    ChildRequest request;
    request.task = task;
    request.question.token = token;
    Received received;
    const PipeEnd end = ask_within(limit, std::move(request), received);
    const auto summary = summary_of(end, received);
    if (end == PipeEnd::nonsense || summary.outcome == FetchOutcome::our_fault)
        return failure(summary.message);
    return received;
}

FetchSummary UnprivilegedChild::report_last_seen(const std::string& token, const std::string& node,
                                                 std::vector<PersonSeen> people,
                                                 Nanoseconds limit) {
    ChildRequest request;
    request.task = ChildTask::last_seen;
    request.question.token = token;
    request.question.node = node;
    request.people = std::move(people);
    Received received;
    const PipeEnd end = ask_within(limit, std::move(request), received);
    return summary_of(end, received);
}

Result<std::vector<ConformanceResult>> UnprivilegedChild::check_conformance(
    const std::string& token, Nanoseconds limit) {
    auto received = check(ChildTask::conformance, token, limit);
    if (!received) return tl::make_unexpected(received.error());
    return std::move(received->conformance);
}

Result<std::vector<AccessFinding>> UnprivilegedChild::check_access(const std::string& token,
                                                                   Nanoseconds limit) {
    auto received = check(ChildTask::access_check, token, limit);
    if (!received) return tl::make_unexpected(received.error());
    return std::move(received->access);
}

}  // namespace together
