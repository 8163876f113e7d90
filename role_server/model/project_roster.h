// SPDX-License-Identifier: Apache-2.0
// A project's roster in its canonical form: every collaborator with effective role, ordered by user
// id. Pages, hash and ETag all come from the same text.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "role_server/model/collaborators.h"
#include "role_server/store/store.h"

namespace together::roled {

struct Version {
    std::string epoch;
    std::int64_t revision = 0;
    bool operator==(const Version&) const = default;
};

// What a roster shows of people: their roles; or also what their accounts on nodes need.
enum class RosterKind { roles, accounts };

class Roster {
  public:
    Roster(std::string project_id, Version version)
        : project_id_(std::move(project_id)), version_(std::move(version)) {}

    // JSON members of the envelope, with a comma after them.
    void set_envelope(std::string members) { envelope_ = std::move(members); }
    // In ascending order of user id; `entry` is its JSON.
    void add(const std::string& user_id, const std::string& entry,
             std::optional<std::int64_t> until = {});
    void finish();

    const Version& version() const { return version_; }
    // "epoch-revision-hash", with its quotes. The same at every replica.
    const std::string& etag() const { return etag_; }
    bool has(const std::string& user_id) const;
    // Somebody on it is over.
    bool is_over(std::int64_t now) const { return first_end_ && *first_end_ <= now; }
    // The list envelope with at most `limit` entries whose user id is greater than `after`.
    // Made once for all nodes that ask for it.
    std::shared_ptr<const std::string> page(const std::string& after, std::size_t limit) const;
    // The same with gzip, made once and kept. Nothing of a page that is not as nodes ask for it:
    // whoever asks for ever other ones would keep us busy. A roster has no secret, so that the
    // length of it tells none.
    std::shared_ptr<const std::string> gzip_page(const std::string& after, std::size_t limit) const;

  private:
    std::size_t first_after(const std::string& user_id) const;
    std::string made_page(std::size_t first, std::size_t limit) const;
    std::string cursor(const std::string& user_id) const;

    const std::string project_id_;
    const Version version_;
    std::string envelope_;
    std::string etag_;
    std::string text_;  // the entries, with a comma after each
    std::vector<std::string> user_ids_;
    std::vector<std::size_t> starts_;  // of each entry in text_, and text_'s end
    std::optional<std::int64_t> first_end_;
    mutable std::mutex mutex_;
    mutable std::map<std::pair<std::string, std::size_t>, std::shared_ptr<const std::string>>
        pages_;
    // By their number.
    mutable std::map<std::size_t, std::shared_ptr<const std::string>> gzip_pages_;
};

// Nothing where there is no such project. One query.
std::optional<Version> version_of(Store& store, const std::string& project_id);

// The newest roster of each project: it is read once a change, not once a node. Thread-safe.
class RosterCache {
  public:
    // `store` must be in the transaction in which `version` was read.
    std::shared_ptr<const Roster> get(Store& store, const std::string& project_id, RosterKind kind,
                                      const Version& version, std::int64_t now);

  private:
    using Key = std::pair<std::string, RosterKind>;
    std::mutex mutex_;
    std::map<Key, std::shared_ptr<const Roster>> newest_;
};

}  // namespace together::roled
