// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/roster_update.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "common/system/overwritten_file.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/update/next_file.h"
#include "together_refresh/update/revision_order.h"
#include "together_refresh/update/snapshot_writer.h"

namespace together {
namespace {

Update refused(std::string message) {
    return {Update::Kind::refused, std::move(message)};
}

std::string etag_of(const SnapshotHeader& header) {
    return std::string(header.etag.data(), ::strnlen(header.etag.data(), header.etag.size()));
}

using Uids = std::unordered_map<std::string_view, uid_t>;

void fill_in(std::vector<RosterEntry>& entries, const Uids& uids) {
    for (auto& entry : entries) {
        if (entry.uid_source != UidSource::none) continue;
        const auto found = uids.find(entry.login);
        if (found == uids.end() || found->second == no_uid) continue;
        entry.uid = found->second;
        entry.uid_source = UidSource::node;
    }
}

void take_away_uid(RosterEntry& entry) {
    entry.uid = 0;
    entry.uid_source = UidSource::none;
}

// Looked up in earlier rounds: a name service that is slow today must not take uids away. One that
// says that there is no such account does: its uid can be somebody else's by now.
void carry_over(std::vector<RosterEntry>& entries, const Snapshot& stored, const Uids& uids) {
    for (auto& entry : entries) {
        if (entry.uid_source != UidSource::none || uids.contains(entry.login)) continue;
        const auto before = stored.find_login(entry.login);
        if (!before || before->uid_source != UidSource::node || before->login_shared) continue;
        entry.uid = before->uid;
        entry.uid_source = UidSource::node;
    }
}

std::vector<RosterEntry> entries_of(const Snapshot& stored) {
    std::vector<RosterEntry> entries;
    entries.reserve(stored.header().entries);
    stored.for_each([&](const RosterEntry& entry) { entries.push_back(entry); });
    return entries;
}

class Updater {
  public:
    Updater(const UpdateRequest& request, FetchResult fetched)
        : request_(request), paths_(request.config), fetched_(std::move(fetched)) {
        for (const auto& [login, uid] : fetched_.uids) uids_.emplace(login, uid);
        if (auto stored = open_roster(request.config, request.now);
            stored && is_intact(stored->snapshot))
            stored_.emplace(*std::move(stored));
    }

    Result<Update> run() {
        if (stored_ && began_before_the_stored_one())
            return Update{Update::Kind::superseded, "another refresh was faster"};
        return fetched_.summary.outcome == FetchOutcome::not_modified ? not_modified() : complete();
    }

  private:
    bool is_intact(const Snapshot& stored) const {
        return request_.verified != nullptr ? request_.verified->is_intact(stored)
                                            : stored.verify_intact();
    }

    bool began_before_the_stored_one() const {
        // A stored stamp from the future says nothing about an order.
        return !stored_->age.uncertain &&
               elapsed(stored_->validated, request_.validated) < Nanoseconds::zero();
    }

    Result<Update> not_modified() {
        if (!stored_ || request_.etag.empty() ||
            etag_of(stored_->snapshot.header()) != request_.etag)
            return refused(
                "the authority answered \"not modified\" to a request that had no condition");
        if (nothing_new_about_uids()) return extend();
        RosterContent content = content_like(stored_->snapshot.header());
        content.entries = entries_of(stored_->snapshot);
        // Entries that share a login are one record there: such a roster waits for its next change.
        if (content.entries.size() != stored_->snapshot.header().entries) return extend();
        for (auto& entry : content.entries)
            if (entry.uid_source == UidSource::node) take_away_uid(entry);
        fill_in(content.entries, uids_);
        carry_over(content.entries, stored_->snapshot, uids_);
        return write(std::move(content));
    }

    // What is looked up at each round again costs a new file only where it came out otherwise.
    bool nothing_new_about_uids() const {
        return std::all_of(uids_.begin(), uids_.end(), [this](const auto& answer) {
            const auto entry = stored_->snapshot.find_login(answer.first);
            if (!entry) return true;
            const bool known = entry->uid_source == UidSource::node;
            return entry->uid_source == UidSource::authority ||
                   (known ? entry->uid == answer.second : answer.second == no_uid);
        });
    }

    Result<Update> complete() {
        // Asked in the child already, but what is stored decides over every login.
        if (const auto reason =
                why_not_believed({fetched_.entries.size(), 0, fetched_.summary.left_out}))
            return refused(*reason);
        const auto revision = fetched_.summary.revision;
        if (const auto problem = why_not_this_revision(revision))
            return refused_but_for_removals(*problem);
        RosterContent content;
        content.revision = revision;
        content.etag = fetched_.summary.etag;
        content.left_out = fetched_.summary.left_out;
        content.entries = std::move(fetched_.entries);
        fill_in(content.entries, uids_);
        if (stored_) carry_over(content.entries, stored_->snapshot, uids_);
        return write(std::move(content));
    }

    std::optional<std::string> why_not_this_revision(std::optional<std::int64_t> revision) const {
        if (!stored_ || !revision || request_.accept_older) return std::nullopt;
        const auto& header = stored_->snapshot.header();
        if (header.has_revision == 0 || stored_->age.value > max_revision_guard ||
            !request_.config.within_stale_for(stored_->age.value))
            return std::nullopt;
        auto problem = why_not_after(header.revision, *revision, request_.now.realtime);
        if (problem)
            *problem +=
                ". If the authority was restored from a backup or counts anew, run: togetherctl "
                "refresh --accept-older";
        return problem;
    }

    // Nobody has confirmed the stored roster for longer than fresh_for, and the authority answers
    // with another: who is missing there is let in by neither. Sooner it may be a replica that
    // lags.
    Result<Update> refused_but_for_removals(const std::string& problem) {
        const bool unconfirmed = stored_->age.value > request_.config.fresh_for;
        const auto stored = entries_of(stored_->snapshot);
        auto left = unconfirmed ? confirmed_by(fetched_.entries, stored) : stored;
        if (left == stored || left.empty()) return refused(problem);
        RosterContent content = content_like(stored_->snapshot.header());
        content.project = request_.config.project;
        content.base_url = request_.config.base_url;
        content.etag.clear();  // it stood for all of them
        content.validated = stored_->validated;
        content.entries = std::move(left);
        const auto removed = stored.size() - content.entries.size();
        if (const auto digest = write_snapshot(paths_, std::move(content)); !digest)
            return tl::make_unexpected(digest.error());
        return refused(problem + "; meanwhile those whom the authority's answer does not have (" +
                       std::to_string(removed) + ") get in no longer");
    }

    RosterContent content_like(const SnapshotHeader& header) const {
        RosterContent content;
        if (header.has_revision != 0) content.revision = header.revision;
        content.etag = etag_of(header);
        content.left_out = header.left_out;
        return content;
    }

    Result<Update> write(RosterContent content) {
        content.project = request_.config.project;
        content.base_url = request_.config.base_url;
        content.validated = request_.validated;
        if (stored_ && content_digest(content) == stored_->snapshot.header().content)
            return extend();
        const auto digest = write_snapshot(paths_, std::move(content));
        if (!digest) return tl::make_unexpected(digest.error());
        // The header has the same stamp already: where this fails, nothing is lost.
        if (auto stamped = stamp(*digest); !stamped)
            return Update{Update::Kind::written, stamped.error().message};
        return Update{Update::Kind::written, {}};
    }

    Result<Update> extend() {
        if (auto stamped = stamp(stored_->snapshot.header().digest); !stamped)
            return tl::make_unexpected(stamped.error());
        return Update{Update::Kind::extended, {}};
    }

    Result<void> stamp(const Digest& digest) const {
        const auto bytes = encode_stamp({request_.validated, digest});
        return overwrite_in_place(paths_.stamp(),
                                  {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }

    const UpdateRequest& request_;
    RosterPaths paths_;
    FetchResult fetched_;
    Uids uids_;
    std::optional<Roster> stored_;
};

}  // namespace

Result<Update> update_roster(const UpdateRequest& request, FetchResult fetched) {
    auto updated = Updater(request, std::move(fetched)).run();
    if (!updated) return updated;
    // After each round, whatever came of it: there may be room again.
    if (const auto kept = keep_spare(snapshot_file(RosterPaths(request.config)), "roster"); !kept)
        updated->message += (updated->message.empty() ? "" : "; ") + kept.error().message;
    return updated;
}

}  // namespace together
