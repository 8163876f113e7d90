// SPDX-License-Identifier: Apache-2.0
// One change of the model, from the write lock to the commit: what the model's functions do with it
// adds up here, and what follows from all of it is done once, at the end. Rosters that changed get
// a new revision, projects that lost their last Admin get the Owner, the trail gets its records and
// the access history its periods.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "role_server/base/errors.h"
#include "role_server/model/audit.h"
#include "role_server/store/store.h"

namespace together::roled {

// What a change brings about beside what was asked for.
struct Consequences {
    std::set<std::string> rosters;         // projects whose roster is another one
    std::set<std::string> successions;     // projects whose Admin is the Owner now
    std::set<std::string> left_projects;   // that somebody is in no longer
    std::set<std::string> revoked_keys;    // and invitations
    std::set<std::string> remaining_keys;  // of projects, made by somebody who is gone
};
Json::Value to_json(const Consequences& consequences);

class Change {
  public:
    // Takes the write lock. `now` in seconds. `action`: the row of the permission tables that it
    // is, or what the command line calls it.
    Change(Store& store, Author author, std::string action, std::int64_t now);

    Store& store() { return store_; }
    std::int64_t now() const { return now_; }
    // Who grants what is given in it: `other`, else whoever makes the change. Nothing: nobody.
    std::optional<std::string> granter(const std::string& other = {}) const;
    // Whether somebody makes it over HTTP, and whether it is this one.
    bool is_by_api() const { return author_.origin == Origin::api; }
    bool is_by(const std::string& user_id) const { return author_.actor == user_id; }
    Consequences& consequences() { return consequences_; }

    // Also where somebody on it is over at another time: until then the same one is told again.
    void roster_changed(const std::string& project_id) { consequences_.rosters.insert(project_id); }
    // Because of this person's role, or what it is until.
    void role_changed(const std::string& project_id, const std::string& user_id);
    // Where only what it comes from is another: no roster tells that.
    void access_changed(const std::string& project_id, const std::string& user_id) {
        access_.emplace(project_id, user_id);
    }
    // Each of those whose roster shows the user; of one organization unless that is empty.
    void rosters_with(const std::string& user_id, const std::string& organization_id = {});

    // Somebody asked for a change of this project alone: it is refused if it leaves no Admin there.
    void refuse_without_admin(const std::string& project_id) { direct_.insert(project_id); }

    // One record for each of these organizations; one of nobody's where there is none. Nothing is
    // recorded that changed nothing.
    void record(const std::string& target, const Json::Value& before, const Json::Value& after,
                const std::vector<std::string>& organizations);

    // 409 last_project_admin. Part of settle(); before it for an answer that tells the
    // consequences.
    Outcome<void> keep_admins();
    // All but the commit: 409 last_project_admin.
    Outcome<void> settle();
    void commit() { transaction_.commit(); }
    void roll_back() { transaction_.roll_back(); }

  private:
    Outcome<void> keep_an_admin(const std::string& project_id);

    Store& store_;
    const Author author_;
    const std::string action_;
    const std::int64_t now_;
    Transaction transaction_;
    Consequences consequences_;
    std::set<std::string> direct_;
    std::set<std::pair<std::string, std::string>> access_;  // projects and users
    std::vector<AuditRecord> records_;
};

}  // namespace together::roled
