// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/tasks.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <unordered_set>

#include "common/accounts/derivation.h"
#include "common/system/node_accounts.h"
#include "common/system/random.h"
#include "together_refresh/child/frame_writer.h"
#include "together_refresh/child/other_services.h"
#include "together_refresh/child/request.h"
#include "together_refresh/probe/access_probe.h"
#include "together_refresh/probe/conformance_probe.h"
#include "together_refresh/process/process_setup.h"
#include "together_refresh/source/file_source.h"
#include "together_refresh/source/http_source.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

// Remembers whose uid the authority did not send, and whose it did, while the entries pass by.
class UidlessSink : public FetchSink {
  public:
    explicit UidlessSink(FrameWriter& frames) : frames_(frames) {}
    void entry(const RosterEntry& entry) override {
        if (entry.uid_source == UidSource::none)
            logins_.push_back(entry.login);
        else
            people_.emplace_back(entry.login, entry.uid);
        frames_.entry(entry);
    }
    void key(const SshKey& key) override { frames_.key(key); }
    void group(const RosterGroup& group) override {
        group_ = group;
        frames_.group(group);
    }
    void restart() override {
        logins_.clear();
        people_.clear();
        group_.reset();
        frames_.restart();
    }
    void note(const std::string& text) override { frames_.note(text); }
    const std::vector<std::string>& logins() const { return logins_; }
    const std::optional<RosterGroup>& group() const { return group_; }
    People take_people() { return std::move(people_); }

  private:
    FrameWriter& frames_;
    std::vector<std::string> logins_;
    People people_;
    std::optional<RosterGroup> group_;
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

void look_up_uids(const std::vector<std::string>& logins, Deadline deadline, FrameWriter& frames) {
    SystemAccounts accounts;
    for (const auto& login : logins) {
        if (std::chrono::steady_clock::now() >= deadline) return;
        const auto uid = accounts.uid_of(login);
        if (uid) frames.uid(login, uid->value_or(no_uid));
    }
}

// HTTP or a file, as base_url says.
std::unique_ptr<RosterSource> source_for(const NodeConfig& config, int roster_file) {
    if (config.roster_is_a_file()) return std::make_unique<FileSource>(config, roster_file);
    return std::make_unique<HttpSource>(config);
}

class Tasks {
  public:
    Tasks(const NodeConfig& config, int channel, int roster_file, FrameWriter& frames)
        : config_(config), channel_(channel), roster_file_(roster_file), frames_(frames) {}

    void serve(const ChildRequest& request) {
        frames_.hide(request.question.token);
        const auto report = [this](auto finding) { frames_.finding(std::move(finding)); };
        switch (request.task) {
            case ChildTask::fetch:
                fetch(request.question);
                break;
            case ChildTask::conformance:
                probe_conformance(config_, request.question, report);
                frames_.summary(checked());
                break;
            case ChildTask::access_check:
                probe_access(config_, request.question, report);
                frames_.summary(checked());
                break;
            case ChildTask::last_seen:
                frames_.summary(report_last_seen(config_, request.question, request.people));
                break;
        }
        frames_.end();
    }

  private:
    static FetchSummary checked() {
        FetchSummary summary;
        summary.outcome = FetchOutcome::complete;
        return summary;
    }

    void fetch(const FetchRequest& request) {
        if (!source_) source_ = source_for(config_, roster_file_);
        UidlessSink sink(frames_);
        const FetchSummary summary = source_->fetch(request, sink);
        frames_.summary(summary);
        const Deadline until = lookups_end(request, std::chrono::steady_clock::now());
        if (summary.outcome == FetchOutcome::complete) {
            if (config_.accounts.enabled)
                ask_other_services(
                    {sink.take_people(), group_name(config_, sink.group()), sink.group()}, until,
                    channel_);
            look_up_uids(in_turn(sink.logins(), request.to_look_up), until, frames_);
        }
        if (summary.outcome == FetchOutcome::not_modified)
            look_up_uids(in_turn(request.to_look_up, {}), until, frames_);
    }

    const NodeConfig& config_;
    int channel_;
    int roster_file_;
    FrameWriter& frames_;
    std::unique_ptr<RosterSource> source_;  // kept for its connection
};

}  // namespace

void run_child(const NodeConfig& config, int channel, int roster_file) {
    FrameWriter frames(channel);
    try {
        if (const auto dropped = drop_privileges(); !dropped) {
            frames.summary(failed_fetch(FetchOutcome::our_fault, dropped.error().message));
            return;
        }
        if (!die_with_parent(channel)) return;
        Tasks tasks(config, channel, roster_file, frames);
        while (const auto request = receive_request(channel)) tasks.serve(*request);
    } catch (const std::exception& error) {
        frames.summary(failed_fetch(
            FetchOutcome::our_fault,
            std::string("together-refresh could not read the roster: ") + error.what()));
    }
}

}  // namespace together
