#include "fetch_child.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <exception>

#include "node_accounts.h"
#include "process_setup.h"
#include "trusted_file.h"

namespace together {
namespace {

FetchSummary failed(FetchOutcome outcome, std::string message) {
    FetchSummary summary;
    summary.outcome = outcome;
    summary.message = std::move(message);
    return summary;
}

// Remembers whose uid the authority did not send, while the entries pass by.
class UidlessSink : public FetchSink {
  public:
    explicit UidlessSink(PipeSink& pipe) : pipe_(pipe) {}
    void entry(const RosterEntry& entry) override {
        if (entry.uid_source == UidSource::none) logins_.push_back(entry.login);
        pipe_.entry(entry);
    }
    void summary(const FetchSummary& summary) override { pipe_.summary(summary); }
    void uid(const std::string& login, uid_t uid) override { pipe_.uid(login, uid); }
    void note(const std::string& text) override { pipe_.note(text); }
    const std::vector<std::string>& logins() const { return logins_; }

  private:
    PipeSink& pipe_;
    std::vector<std::string> logins_;
};

void look_up_uids(const std::vector<std::string>& logins, Deadline deadline, PipeSink& pipe) {
    SystemAccounts accounts;
    for (const auto& login : logins) {
        if (std::chrono::steady_clock::now() >= deadline) return;
        if (const auto uid = accounts.uid_of(login); uid && *uid) pipe.uid(login, **uid);
    }
}

void run_child(RosterSource& source, const FetchRequest& request, PipeSink& pipe, int pipe_fd) {
    if (const auto dropped = drop_privileges(); !dropped) {
        pipe.summary(failed(FetchOutcome::our_fault, dropped.error().message));
        return;
    }
    if (!die_with_parent(pipe_fd)) return;
    UidlessSink sink(pipe);
    const FetchSummary summary = source.fetch(request, sink);
    pipe.summary(summary);
    if (summary.outcome == FetchOutcome::complete)
        look_up_uids(sink.logins(), request.lookups_deadline, pipe);
    else if (summary.outcome == FetchOutcome::not_modified)
        look_up_uids(request.without_uid, request.lookups_deadline, pipe);
}

[[noreturn]] void child(RosterSource& source, const FetchRequest& request, int pipe_fd) {
    keep_only_descriptors({pipe_fd, request.roster_file});
    PipeSink pipe(pipe_fd);
    try {
        run_child(source, request, pipe, pipe_fd);
    } catch (const std::exception& error) {
        pipe.summary(
            failed(FetchOutcome::our_fault,
                   std::string("together-refresh could not read the roster: ") + error.what()));
    }
    pipe.flush();
    // No destructors, no exit handlers: they are the parent's.
    ::_exit(0);
}

void end_child(pid_t pid) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace

FetchResult fetch_in_child(RosterSource& source, const FetchRequest& request,
                           const std::function<void(const std::string&)>& note) {
    FetchResult result;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        result.summary = failed(FetchOutcome::our_fault, system_error_text("pipe", errno));
        return result;
    }
    FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) {
        result.summary = failed(FetchOutcome::our_fault, system_error_text("fork", errno));
        return result;
    }
    if (pid == 0) {
        reading.reset();
        child(source, request, writing.get());
    }
    writing.reset();
    Received received;
    const PipeEnd end =
        receive(reading.get(), request.deadline, request.lookups_deadline, received, note);
    end_child(pid);
    if (end == PipeEnd::nonsense) {
        result.summary = failed(FetchOutcome::our_fault, "together-refresh's child sent nonsense");
    } else if (!received.summary) {
        result.summary =
            failed(FetchOutcome::no_answer,
                   end == PipeEnd::deadline ? "no answer within the deadline"
                                            : "together-refresh's child ended without an answer");
    } else {
        result.summary = *std::move(received.summary);
        result.entries = std::move(received.entries);
        result.uids = std::move(received.uids);
    }
    return result;
}

}  // namespace together
