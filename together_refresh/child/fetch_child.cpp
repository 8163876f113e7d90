// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/fetch_child.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <unordered_set>

#include "common/system/errno_text.h"
#include "common/system/node_accounts.h"
#include "common/system/random.h"
#include "together_refresh/http/node_fault.h"
#include "together_refresh/process/process_setup.h"
#include "together_refresh/source/file_source.h"
#include "together_refresh/source/http_source.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

// What an authority sends may have our token in it (an echo in a header, an error page): what is
// said goes to terminals, logs and files that everybody reads. A shorter one is no secret, and
// would be found in any text.
void hide(const std::string& token, std::string& text) {
    constexpr std::size_t shortest = 8;
    if (token.size() < shortest) return;
    for (auto at = text.find(token); at != text.npos; at = text.find(token))
        text.replace(at, token.size(), "(hidden)");
}

// Remembers whose uid the authority did not send, while the entries pass by.
class UidlessSink : public FetchSink {
  public:
    UidlessSink(PipeSink& pipe, const std::string& token) : pipe_(pipe), token_(token) {}
    void entry(const RosterEntry& entry) override {
        if (entry.uid_source == UidSource::none) logins_.push_back(entry.login);
        pipe_.entry(entry);
    }
    void restart() override {
        logins_.clear();
        pipe_.restart();
    }
    void note(const std::string& text) override {
        std::string shown = text;
        hide(token_, shown);
        pipe_.note(shown);
    }
    const std::vector<std::string>& logins() const { return logins_; }

  private:
    PipeSink& pipe_;
    const std::string& token_;
    std::vector<std::string> logins_;
};

// Where the time is too short for all, each has its turn in some round: the urgent ones, which
// nobody knew in the last round, before the others, and from any one on.
std::vector<std::string> in_turn(std::vector<std::string> logins,
                                 const std::vector<std::string>& urgent) {
    const auto first =
        static_cast<std::ptrdiff_t>(random_fraction() * static_cast<double>(logins.size()));
    std::rotate(logins.begin(), logins.begin() + first, logins.end());
    const std::unordered_set<std::string_view> before(urgent.begin(), urgent.end());
    std::stable_partition(logins.begin(), logins.end(),
                          [&](const std::string& login) { return before.contains(login); });
    return logins;
}

void look_up_uids(const std::vector<std::string>& logins, Deadline deadline, PipeSink& pipe) {
    SystemAccounts accounts;
    for (const auto& login : logins) {
        if (std::chrono::steady_clock::now() >= deadline) return;
        const auto uid = accounts.uid_of(login);
        if (uid) pipe.uid(login, uid->value_or(no_uid));
    }
}

void serve(RosterSource& source, const FetchRequest& request, PipeSink& pipe) {
    UidlessSink sink(pipe, request.token);
    FetchSummary summary = source.fetch(request, sink);
    for (auto* text : {&summary.message, &summary.request_id, &summary.etag})
        hide(request.token, *text);
    pipe.summary(summary);
    const Deadline until = lookups_end(request, std::chrono::steady_clock::now());
    if (summary.outcome == FetchOutcome::complete)
        look_up_uids(in_turn(sink.logins(), request.to_look_up), until, pipe);
    else if (summary.outcome == FetchOutcome::not_modified)
        look_up_uids(in_turn(request.to_look_up, {}), until, pipe);
    pipe.end();
}

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

void run_child(const Config& config, int channel, int roster_file, MakeSource make_source) {
    PipeSink pipe(channel);
    try {
        if (const auto dropped = drop_privileges(); !dropped) {
            pipe.summary(failed_fetch(FetchOutcome::our_fault, dropped.error().message));
            return;
        }
        if (!die_with_parent(channel)) return;
        const auto source = make_source(config, roster_file);
        while (const auto request = receive_request(channel)) serve(*source, *request, pipe);
    } catch (const std::exception& error) {
        pipe.summary(failed_fetch(
            FetchOutcome::our_fault,
            std::string("together-refresh could not read the roster: ") + error.what()));
    }
}

}  // namespace

std::unique_ptr<RosterSource> source_for(const Config& config, int roster_file) {
    if (config.roster_is_a_file()) return std::make_unique<FileSource>(config, roster_file);
    return std::make_unique<HttpSource>(config);
}

FetchSummary failed_fetch(FetchOutcome outcome, std::string message) {
    FetchSummary summary;
    summary.outcome = outcome;
    summary.message = std::move(message);
    return summary;
}

Result<std::unique_ptr<FetchChild>> FetchChild::start(const Config& config, int roster_file,
                                                      MakeSource make_source) {
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
        run_child(config, theirs.get(), roster_file, make_source);
        // No destructors, no exit handlers: they are the parent's.
        ::_exit(0);
    }
    return std::unique_ptr<FetchChild>(new FetchChild(pid, std::move(ours)));
}

FetchChild::~FetchChild() {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

FetchResult FetchChild::fetch(const FetchRequest& request, int stop, const NoteHandler& note) {
    FetchResult result;
    Received received;
    const PipeEnd end = send_request(channel_.get(), request)
                            ? receive(channel_.get(), request, stop, received, note)
                            : PipeEnd::closed;
    usable_ = end == PipeEnd::complete;
    if (end == PipeEnd::stopped) {
        result.summary = failed_fetch(FetchOutcome::stopped, "stopped");
    } else if (end == PipeEnd::nonsense) {
        // What an authority sent made it so, or it was taken over: no reason to ask in a loop.
        result.summary =
            failed_fetch(FetchOutcome::no_answer, "together-refresh's child sent nonsense");
    } else if (!received.summary) {
        result.summary = without_answer(end);
    } else {
        result.summary = *std::move(received.summary);
        result.entries = std::move(received.entries);
        result.uids = std::move(received.uids);
        result.since_answer = std::chrono::steady_clock::now() - received.answered;
    }
    return result;
}

}  // namespace together
