// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/answer_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "common/system/io.h"
#include "together_refresh/source/believable.h"

namespace together {
namespace {

constexpr std::size_t max_read = std::size_t{64} * 1024;

// Entries with their keys, a group and notes (a restart forgets the entries) or findings, one
// summary, uids, and an end.
class AnswerReader {
  public:
    AnswerReader(ChildTask task, Received& received, const NoteHandler& note)
        : task_(task), received_(received), note_(note) {}

    bool complete() const { return complete_; }

    // False where it makes no sense.
    bool take(std::string_view bytes) {
        buffer_.append(bytes);
        std::string_view rest = buffer_;
        while (!complete_) {
            auto next = decode_frame(rest);
            if (!next && next.error() == NoFrame::malformed) return false;
            if (!next) break;
            if (!accept_any(next->frame)) return false;
            rest.remove_prefix(next->size);
        }
        if (complete_) return rest.empty();
        buffer_.erase(0, buffer_.size() - rest.size());
        return true;
    }

  private:
    bool accept_any(Frame& frame) {
        return std::visit([this](auto& one) { return accept(one); }, frame);
    }

    bool fetches() const { return task_ == ChildTask::fetch; }
    bool has_summary() const { return received_.summary.has_value(); }

    bool accept(RosterEntry& entry) {
        if (!fetches() || has_summary() || received_.entries.size() == max_roster_entries)
            return false;
        received_.entries.push_back(std::move(entry));
        return true;
    }

    // Of the entry before.
    bool accept(SshKey& key) {
        if (!fetches() || has_summary() || received_.entries.empty() ||
            received_.entries.back().login != key.login)
            return false;
        key_bytes_ += key.text.size();
        if (key_bytes_ > max_key_bytes) return false;
        received_.accounts.keys.push_back(std::move(key));
        return true;
    }

    bool accept(RosterGroup& group) {
        if (!fetches() || has_summary() || received_.accounts.group) return false;
        received_.accounts.group = std::move(group);
        return true;
    }

    bool accept(const RestartFrame&) {
        received_.entries.clear();
        received_.accounts = {};
        key_bytes_ = 0;
        return fetches() && !has_summary();
    }

    bool accept(const NoteFrame& note) {
        if (!fetches()) return false;
        note_(note.text);
        return true;
    }

    bool accept(ConformanceResult& finding) {
        return task_ == ChildTask::conformance && add_finding(received_.conformance, finding);
    }

    bool accept(AccessFinding& finding) {
        return task_ == ChildTask::access_check && add_finding(received_.access, finding);
    }

    // Each check is made once.
    template <class Finding>
    bool add_finding(std::vector<Finding>& findings, Finding& finding) {
        const bool made = std::any_of(findings.begin(), findings.end(), [&](const Finding& other) {
            return other.check == finding.check;
        });
        if (has_summary() || made) return false;
        findings.push_back(std::move(finding));
        return true;
    }

    bool accept(FetchSummary& summary) {
        if (has_summary()) return false;
        received_.summary = std::move(summary);
        received_.answered = std::chrono::steady_clock::now();
        return true;
    }

    bool accept(UidFrame& uid) {
        if (!fetches() || !has_summary() || received_.uids.size() == max_uids()) return false;
        received_.uids.emplace_back(std::move(uid.login), uid.uid);
        return true;
    }

    // Of an entry's login, and of its uid.
    bool accept(ElsewhereFrame& account) {
        auto& elsewhere = received_.accounts.elsewhere;
        if (!fetches() || !has_summary() || elsewhere.size() == received_.entries.size() * 2)
            return false;
        elsewhere.emplace_back(std::move(account.login), account.uid);
        return true;
    }

    // Likewise, and of the project's two groups.
    bool accept(GroupElsewhereFrame& group) {
        auto& elsewhere = received_.accounts.groups_elsewhere;
        if (!fetches() || !has_summary() ||
            elsewhere.size() == received_.entries.size() * 2 + (received_.accounts.group ? 4 : 0))
            return false;
        elsewhere.emplace_back(std::move(group.login), group.uid);
        return true;
    }

    bool accept(AskedFrame& answered) {
        auto& asked = received_.accounts.asked;
        if (!fetches() || !has_summary()) return false;
        if (answered.login.empty()) return received_.accounts.none_to_ask = true;
        if (asked.size() == received_.entries.size() + (received_.accounts.group ? 1 : 0))
            return false;
        asked.push_back(std::move(answered.login));
        return true;
    }

    bool accept(const EndFrame&) {
        complete_ = true;
        return has_summary();
    }

    // Each login is asked for once at most; what is stored already we did not count here.
    std::size_t max_uids() const {
        return received_.summary->outcome == FetchOutcome::complete ? received_.entries.size()
                                                                    : max_roster_entries;
    }

    ChildTask task_;
    Received& received_;
    const NoteHandler& note_;
    bool complete_ = false;
    std::size_t key_bytes_ = 0;
    std::string buffer_;
};

}  // namespace

PipeEnd receive(int fd, const ChildRequest& request, int stop, Received& received,
                const NoteHandler& note) {
    AnswerReader answer(request.task, received, note);
    std::array<char, max_read> buffer;
    while (!answer.complete()) {
        const Deadline until = received.summary ? lookups_end(request.question, received.answered)
                                                : request.question.deadline;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return PipeEnd::deadline;
        std::array<pollfd, 2> events = {pollfd{fd, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
        const auto timeout = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
        if (::poll(events.data(), events.size(), timeout) <= 0) continue;
        if (events[1].revents != 0) return PipeEnd::stopped;
        const auto got = read_some(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) return PipeEnd::closed;
        if (!answer.take({buffer.data(), static_cast<std::size_t>(got)})) return PipeEnd::nonsense;
    }
    return PipeEnd::complete;
}

}  // namespace together
