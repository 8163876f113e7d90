// SPDX-License-Identifier: Apache-2.0
// Who waits for which project to change, without clock, timer or thread of its own: it is told the
// time and the revisions.
//
// Nobody takes the places of all: a project has a most, a person's token has a most, and where the
// list is full a project that has less than an equal share takes the place of whoever has waited
// longest in the one that has most.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http_server/backend.h"
#include "role_server/messages/message.h"
#include "role_server/server/revisions.h"

namespace together::roled {

class LongPollList {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Ticket = http::Ticket;

    struct Limits {
        std::size_t all;
        std::size_t of_a_project = 20'000;
        std::size_t of_a_persons_token = 4;
    };

    // Equal requests, to which one answer does, and which one check of their key admits.
    struct Due {
        std::shared_ptr<const Request> request;
        std::vector<std::shared_ptr<http::Asker>> askers;
    };

    explicit LongPollList(Limits limits) : limits_(limits) {}

    // Nothing where there is no place, or the request is too long to be kept: answer at once.
    std::optional<Ticket> add(const LongPoll& poll, const Request& request, bool is_a_persons,
                              std::shared_ptr<http::Asker> asker, Time now);
    void cancel(Ticket ticket);

    std::size_t size() const { return waiters_.size(); }
    bool empty() const { return waiters_.empty() && displaced_.empty(); }
    std::vector<std::string> projects() const;
    // There is a project whose revision is not known since somebody waits for it.
    bool knows_too_little() const { return unknown_ > 0; }

    // What the database said when it was asked for the revisions of projects(). A waiter that came
    // since may know a newer one. Where it came to an older one, it is due at once.
    void compare(const Revisions& current);

    // Takes those whose time is up, whose project has changed, or who had to make room.
    std::vector<Due> take_due(Time now);
    std::vector<Due> take_all();

  private:
    struct Group {
        std::shared_ptr<const Request> request;
        std::int64_t revision;
        std::size_t size = 0;
    };
    using Groups = std::map<std::string, Group>;
    struct Project {
        Groups groups;
        std::map<Ticket, Groups::iterator> waiters;  // who has waited longest first
        bool is_known = false;
        std::optional<std::int64_t> revision;  // where it is known; nothing: gone
    };
    using Projects = std::map<std::string, Project>;
    struct Waiter {
        Projects::iterator project;
        Time deadline;
        std::shared_ptr<http::Asker> asker;
        std::string token;  // of a person
    };
    using Taken = std::map<const Request*, Due>;

    bool has_place(const std::string& project_id, const std::string& token);
    bool make_place(const std::string& project_id);
    void take(Ticket ticket, Taken& taken);
    void remove(std::unordered_map<Ticket, Waiter>::iterator waiter);
    void note_if_changed(const Project& project, Ticket ticket, const Group& group);

    const Limits limits_;
    Ticket next_ = 1;
    std::unordered_map<Ticket, Waiter> waiters_;
    Projects projects_;
    std::map<std::string, std::size_t> of_token_;  // persons'
    std::set<std::pair<Time, Ticket>> deadlines_;
    Taken displaced_;              // who had to make room
    std::vector<Ticket> changed_;  // to be told; some may be gone meanwhile
    std::size_t unknown_ = 0;      // projects
};

}  // namespace together::roled
