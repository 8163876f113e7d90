// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/last_seen_reporter.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <string>

#include "common/decision/decision.h"
#include "common/decision/log_fields.h"
#include "common/roles/identifiers.h"
#include "common/roster/roster.h"
#include "common/system/errno_text.h"
#include "common/system/io.h"
#include "common/system/random.h"
#include "together_refresh/child/unprivileged_child.h"
#include "together_refresh/process/node_description.h"
#include "together_refresh/process/process_setup.h"
#include "together_refresh/process/token_file.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto report_limit = 10s;
constexpr auto max_gathered = 10s;
constexpr std::size_t max_door = 32;

struct LetIn {
    std::string login, door;
};

// Of somebody whom their role let in; who is exempt or admitted is none of the authority's
// business.
std::optional<LetIn> let_in(std::string_view line, const std::string& project) {
    if (field_in(line, "reason") != name_of(Reason::role_permits) ||
        field_in(line, "project") != project)
        return std::nullopt;
    return LetIn{field_in(line, "login"),
                 door_of(field_in(line, "service"), field_in(line, "action"))};
}

FetchSummary report(const NodeConfig& config, const std::vector<PersonSeen>& people) {
    auto token = read_token(config.token_file);
    if (!token) return failed_fetch(FetchOutcome::our_fault, token.error().message);
    const auto child = UnprivilegedChild::start(config, -1);
    if (!child) return failed_fetch(FetchOutcome::our_fault, child.error().message);
    return (*child)->report_last_seen(*token, node_description(config), people, report_limit);
}

[[noreturn]] void run_report(const NodeConfig& config, const std::vector<PersonSeen>& people,
                             int answer, pid_t parent) {
    try {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        keep_only_descriptors({answer});
        set_alarm(report_limit + 5s);
        const auto frame = encode_frame(report(config, people));
        ::_exit(write_full(answer, frame.data(), frame.size()) ? 0 : 1);
    } catch (const std::exception&) {
        ::_exit(1);
    }
}

FetchSummary answer_in(int pipe) {
    std::array<char, 4096> bytes;
    const auto got = read_full(pipe, bytes.data(), bytes.size());
    const auto frame =
        decode_frame({bytes.data(), got > 0 ? static_cast<std::size_t>(got) : std::size_t{0}});
    const auto* summary = frame ? std::get_if<FetchSummary>(&frame->frame) : nullptr;
    return summary != nullptr ? *summary
                              : failed_fetch(FetchOutcome::our_fault, "its process failed");
}

}  // namespace

std::string door_of(const std::string& service, const std::string& action) {
    if (service == "sshd") return "ssh";
    if (service == "slurmctld" || service == "slurmstepd") return "slurm";
    return service.size() <= max_door && is_node_name(service) && service != "-" ? service : action;
}

LastSeenReporter::LastSeenReporter(Clock& clock)
    : clock_(clock),
      people_(std::chrono::duration_cast<Nanoseconds>(max_gathered * random_fraction())) {}

void LastSeenReporter::decided(const NodeConfig& config, std::string_view line) {
    if (config.roster_is_a_file()) return;
    const auto person = let_in(line, config.project);
    if (!person || !people_.wants(person->login, now())) return;
    const auto roster = open_roster(config, clock_);
    if (!roster) return;
    const auto entry = roster->snapshot.find_login(person->login);
    if (!entry) return;
    const auto seconds = clock_.now().realtime / 1'000'000'000;
    people_.add(person->login, {entry->user_id, person->door, seconds}, now());
}

Result<void> LastSeenReporter::turn(const NodeConfig& config) {
    if (config.roster_is_a_file())
        return failure("the roster is a file: there is nobody to tell ([api] report_last_seen)");
    if (process_) {
        end_of_report();
    } else if (const auto people = people_.due(now()); !people.empty()) {
        start(config, people);
    }
    return problem_;
}

void LastSeenReporter::start(const NodeConfig& config, const std::vector<PersonSeen>& people) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed(errno_text("pipe", errno));
    answer_ = FileDescriptor(ends[0]);
    const FileDescriptor theirs(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) run_report(config, people, theirs.get(), parent);
    if (pid < 0) return failed(errno_text("fork", errno));
    process_ = ForkedProcess(pid);
}

void LastSeenReporter::end_of_report() {
    if (process_.is_running()) return;
    const auto summary = answer_in(answer_.get());
    answer_.reset();
    if (summary.outcome != FetchOutcome::complete)
        return failed(summary.message, summary.retry_after);
    problem_ = {};
    people_.delivered(now());
}

// What happened first is said: tries that fail in several ways are one outage.
void LastSeenReporter::failed(const std::string& why, std::optional<Nanoseconds> retry_after) {
    if (problem_) problem_ = failure(why);
    people_.failed(now(), retry_after, random_fraction());
}

}  // namespace together
