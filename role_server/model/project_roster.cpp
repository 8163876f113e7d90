// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/project_roster.h"

#include <algorithm>

#include "role_server/base/crypto.h"
#include "role_server/model/collaborators.h"

namespace together::roled {
namespace {

constexpr std::size_t projects_cached = 1000;
constexpr std::size_t pages_cached = 16;  // of a project
constexpr std::size_t hash_digits = 32;  // 128 bits: a node must never get a 304 for another roster

std::shared_ptr<const Roster> read_roster(Store& store, const std::string& project_id,
                                          const Version& version) {
    auto roster = std::make_shared<Roster>(project_id, version);
    for_each_collaborator(store, project_id, [&](const Collaborator& one) {
        roster->add(one.user_id, to_entry(one));
    });
    roster->finish();
    return roster;
}

}  // namespace

void Roster::add(const std::string& user_id, const std::string& entry) {
    user_ids_.push_back(user_id);
    starts_.push_back(text_.size());
    text_ += entry;
    text_ += ',';
}

void Roster::finish() {
    starts_.push_back(text_.size());
    etag_ = '"' + version_.epoch + '-' + std::to_string(version_.revision) + '-' +
            sha256_hex(text_).substr(0, hash_digits) + '"';
}

std::string Roster::cursor(const std::string& user_id) const {
    return version_.epoch + '-' + std::to_string(version_.revision) + '-' + user_id;
}

std::shared_ptr<const std::string> Roster::page(const std::string& after, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    if (pages_.size() >= pages_cached) pages_.clear();
    auto& page = pages_[{after, limit}];
    if (!page) page = std::make_shared<const std::string>(made_page(after, limit));
    return page;
}

std::string Roster::made_page(const std::string& after, std::size_t limit) const {
    const auto from = after.empty() ? user_ids_.begin()
                                    : std::upper_bound(user_ids_.begin(), user_ids_.end(), after);
    const auto first = static_cast<std::size_t>(from - user_ids_.begin());
    const auto last = std::min(user_ids_.size(), first + limit);
    const bool more = last < user_ids_.size();
    auto data = text_.substr(starts_[first], starts_[last] - starts_[first]);
    if (!data.empty()) data.pop_back();
    return R"({"object":"list","project_id":")" + project_id_ + R"(","revision":)" +
           std::to_string(version_.revision) + R"(,"next_cursor":)" +
           (more ? '"' + cursor(user_ids_[last - 1]) + '"' : "null") + R"(,"data":[)" + data + "]}";
}

std::optional<Version> version_of(Store& store, const std::string& project_id) {
    Version version;
    long long revision = 0;
    store.sql() << "SELECT p.revision, m.value FROM projects p JOIN meta m ON m.name = 'epoch'"
                   " WHERE p.id = :id",
        soci::into(revision), soci::into(version.epoch), soci::use(project_id);
    if (!store.sql().got_data()) return std::nullopt;
    version.revision = revision;
    return version;
}

void raise_revision(Store& store, const std::string& project_id) {
    store.sql() << "UPDATE projects SET revision = revision + 1 WHERE id = :id",
        soci::use(project_id);
}

void raise_revisions_of_user(Store& store, const std::string& user_id) {
    store.sql() << "UPDATE projects SET revision = revision + 1 WHERE id IN"
                   " (SELECT project_id FROM collaborators WHERE user_id = :user)",
        soci::use(user_id);
}

std::shared_ptr<const Roster> RosterCache::get(Store& store, const std::string& project_id,
                                               const Version& version) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = newest_.find(project_id);
        if (found != newest_.end() && found->second->version() == version) return found->second;
    }
    // Read without the lock: two threads may both do it, which costs less than all of them waiting.
    auto roster = read_roster(store, project_id, version);
    const std::lock_guard lock(mutex_);
    if (newest_.size() >= projects_cached) newest_.clear();
    newest_[project_id] = roster;
    return roster;
}

}  // namespace together::roled
