// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/project_roster.h"

#include <algorithm>
#include <unordered_map>

#include "http_server/gzip.h"
#include "role_server/base/crypto.h"
#include "role_server/base/uri.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/projects.h"

namespace together::roled {
namespace {

constexpr std::size_t projects_cached = 1000;
constexpr std::size_t pages_cached = 16;  // of a project
constexpr std::size_t least_for_gzip = 4096;
constexpr std::size_t hash_digits = 32;  // 128 bits: a node must never get a 304 for another roster

using KeysOfUsers = std::unordered_map<std::string, std::string>;

// Of all collaborators, as JSON strings with commas between them. The text of a key needs no
// escaping: it is its kind and Base64.
KeysOfUsers ssh_keys_in(Store& store, const std::string& project_id) {
    KeysOfUsers keys;
    std::string user_id, text;
    store.each(
        "SELECT k.user_id, k.public_key FROM ssh_keys k JOIN collaborators c"
        " ON c.user_id = k.user_id WHERE c.project_id = :project ORDER BY k.user_id, k.id",
        [&] {
            auto& list = keys[user_id];
            list += (list.empty() ? "\"" : ",\"") + text + '"';
        },
        soci::into(user_id), soci::into(text), soci::use(project_id));
    return keys;
}

std::string number_or_null(const std::optional<std::int64_t>& number) {
    return number ? std::to_string(*number) : "null";
}

std::string group_of(Store& store, const std::string& project_id) {
    const auto project = find_project(store, project_id);
    if (!project) return {};
    const auto id = [&](IdKind kind) {
        return number_or_null(posix_id(store, project->organization_id, kind, project_id));
    };
    return R"("group":{"name":")" + project->group + R"(","gid":)" + id(IdKind::group) +
           R"(,"admin_gid":)" + id(IdKind::admin_group) + "},";
}

// Its fields need no escaping: none can hold more than [A-Za-z0-9_.-].
std::string to_entry(const Collaborator& one) {
    return R"({"object":"project.collaborator","user_id":")" + one.user_id + R"(","login":)" +
           (one.login ? '"' + *one.login + '"' : "null") + R"(,"uid":)" + number_or_null(one.uid) +
           R"(,"role":")" + std::string(name_of(one.role)) + R"(","external":)" +
           (one.external() ? "true" : "false") + "}";
}

std::shared_ptr<const Roster> read_roster(Store& store, const std::string& project_id,
                                          RosterKind kind, const Version& version,
                                          std::int64_t now) {
    auto roster = std::make_shared<Roster>(project_id, version);
    KeysOfUsers keys;
    const bool accounts = kind == RosterKind::accounts;
    if (accounts) {
        keys = ssh_keys_in(store, project_id);
        roster->set_envelope(group_of(store, project_id));
    }
    for_each_collaborator(store, project_id, now, [&](const Collaborator& one) {
        auto entry = to_entry(one);
        if (accounts) {
            entry.pop_back();  // the brace
            entry += R"(,"ssh_keys":[)" + keys[one.user_id] + "]}";
        }
        roster->add(one.user_id, entry, one.until);
    });
    roster->finish();
    return roster;
}

}  // namespace

void Roster::add(const std::string& user_id, const std::string& entry,
                 std::optional<std::int64_t> until) {
    user_ids_.push_back(user_id);
    starts_.push_back(text_.size());
    text_ += entry;
    text_ += ',';
    if (until && (!first_end_ || *until < *first_end_)) first_end_ = until;
}

bool Roster::has(const std::string& user_id) const {
    return std::binary_search(user_ids_.begin(), user_ids_.end(), user_id);
}

void Roster::finish() {
    starts_.push_back(text_.size());
    etag_ = '"' + version_.epoch + '-' + std::to_string(version_.revision) + '-' +
            sha256_hex(envelope_ + text_).substr(0, hash_digits) + '"';
}

std::string Roster::cursor(const std::string& user_id) const {
    return version_.epoch + '-' + std::to_string(version_.revision) + '-' + user_id;
}

std::shared_ptr<const std::string> Roster::page(const std::string& after, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    if (pages_.size() >= pages_cached) pages_.clear();
    auto& page = pages_[{after, limit}];
    if (!page) page = std::make_shared<const std::string>(made_page(first_after(after), limit));
    return page;
}

std::shared_ptr<const std::string> Roster::gzip_page(const std::string& after,
                                                     std::size_t limit) const {
    const auto first = first_after(after);
    const auto size = starts_[std::min(user_ids_.size(), first + limit)] - starts_[first];
    if (limit != max_page_limit || first % limit != 0 || size < least_for_gzip) return nullptr;
    const std::lock_guard lock(mutex_);
    auto& page = gzip_pages_[first / limit];
    if (!page) page = std::make_shared<const std::string>(http::gzip(made_page(first, limit)));
    return page;
}

std::size_t Roster::first_after(const std::string& user_id) const {
    const auto from = user_id.empty()
                          ? user_ids_.begin()
                          : std::upper_bound(user_ids_.begin(), user_ids_.end(), user_id);
    return static_cast<std::size_t>(from - user_ids_.begin());
}

std::string Roster::made_page(std::size_t first, std::size_t limit) const {
    const auto last = std::min(user_ids_.size(), first + limit);
    const bool more = last < user_ids_.size();
    auto data = text_.substr(starts_[first], starts_[last] - starts_[first]);
    if (!data.empty()) data.pop_back();
    return R"({"object":"list","project_id":")" + project_id_ + R"(","revision":)" +
           std::to_string(version_.revision) + ',' + envelope_ + R"("next_cursor":)" +
           (more ? '"' + cursor(user_ids_[last - 1]) + '"' : "null") + R"(,"data":[)" + data + "]}";
}

std::optional<Version> version_of(Store& store, const std::string& project_id) {
    return store.remembered().get("version " + project_id, [&]() -> std::optional<Version> {
        Version version;
        Number revision = 0;
        if (!store.run("SELECT p.revision, m.value FROM projects p JOIN meta m ON m.name = 'epoch'"
                       " WHERE p.id = :id AND p.deleted_at IS NULL",
                       soci::into(revision), soci::into(version.epoch), soci::use(project_id)))
            return std::nullopt;
        version.revision = revision;
        return version;
    });
}

std::shared_ptr<const Roster> RosterCache::get(Store& store, const std::string& project_id,
                                               RosterKind kind, const Version& version,
                                               std::int64_t now) {
    const Key key{project_id, kind};
    {
        const std::lock_guard lock(mutex_);
        const auto found = newest_.find(key);
        if (found != newest_.end() && found->second->version() == version &&
            !found->second->is_over(now))
            return found->second;
    }
    // Read without the lock: two threads may both do it, which costs less than all of them waiting.
    auto roster = read_roster(store, project_id, kind, version, now);
    const std::lock_guard lock(mutex_);
    if (newest_.size() >= projects_cached) newest_.clear();
    newest_[key] = roster;
    return roster;
}

}  // namespace together::roled
