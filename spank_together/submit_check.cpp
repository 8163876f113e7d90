// SPDX-License-Identifier: Apache-2.0
#include "spank_together/submit_check.h"

#include <mutex>
#include <system_error>

#include "common/system/blocked_signals.h"

namespace together {
namespace {

using namespace std::chrono_literals;

// More are found all the same, when they submit: by their uid.
constexpr std::size_t max_nameless = 500;

std::vector<std::string> nameless_of(const Snapshot& roster) {
    std::vector<std::string> logins;
    if (roster.header().without_uid == 0) return logins;
    roster.for_each([&logins](const RosterEntry& entry) {
        if (entry.uid_source == UidSource::none && logins.size() < max_nameless)
            logins.push_back(entry.login);
    });
    return logins;
}

}  // namespace

SubmitCheck::SubmitCheck(const std::string& config_path, ResidentLog& log)
    : configuration_(config_path, load_config, &accounts_, log, "submission"), log_(log) {
    look();
    const BlockedSignals blocked;
    try {
        watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
    } catch (const std::system_error& error) {
        log_.error(std::string("no thread to watch the configuration: ") + error.what());
    }
}

SubmitCheck::~SubmitCheck() =
    default;  // watcher_ is the last member: it is stopped and joined first

void SubmitCheck::watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, 1s, [&stop] { return stop.stop_requested(); })) {
        try {
            look();
        } catch (const std::exception& exception) {
            log_.error(exception.what());
        }
    }
}

void SubmitCheck::look() {
    configuration_.look();
    const auto config = configuration_.current();
    if (!*config) return;
    for (const auto& login : (*config)->exempt_logins) static_cast<void>(accounts_.uid_of(login));
    const auto roster = open_roster(**config, clock_);
    if (roster) ask_ahead(roster->snapshot);
}

// So that whoever submits is known by then. Asked for once a minute, see BackgroundAccounts.
void SubmitCheck::ask_ahead(const Snapshot& roster) {
    if (seen_ != roster.header().digest) {
        nameless_ = nameless_of(roster);
        seen_ = roster.header().digest;
    }
    for (const auto& login : nameless_) static_cast<void>(accounts_.uid_of(login));
}

Decision SubmitCheck::decide(uid_t uid) {
    Gate gate(*configuration_.current(), clock_, accounts_, refresher_);
    return gate.decide({Subject::of_uid(uid), Action::slurm_submit, false});
}

}  // namespace together
