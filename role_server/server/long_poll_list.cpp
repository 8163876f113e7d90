// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/long_poll_list.h"

#include <algorithm>
#include <array>

namespace together::roled {
namespace {

// Three times what a node sends: tens of thousands wait, and the head of each may have 16 KiB.
constexpr std::size_t max_waiting = 1024;

// Whatever the answer depends on.
constexpr std::array answered_by = {"authorization", "if-none-match", "prefer", "accept-encoding"};

std::string key_of(const Request& request, std::int64_t revision) {
    std::string key = request.target + '\n' + std::to_string(revision);
    for (const char* name : answered_by) key += '\n' + header(request, name).value_or("");
    return key;
}

std::shared_ptr<const Request> without_the_rest(const Request& request) {
    auto kept = std::make_shared<Request>();
    kept->id = request.id;
    kept->method = request.method;
    kept->target = request.target;
    kept->peer = request.peer;
    for (const char* name : answered_by)
        if (auto value = header(request, name)) kept->headers.emplace_back(name, std::move(*value));
    return kept;
}

template <class Taken>
std::vector<LongPollList::Due> values_of(Taken taken) {
    std::vector<LongPollList::Due> values;
    for (auto& [request, due] : taken) values.push_back(std::move(due));
    return values;
}

}  // namespace

std::optional<LongPollList::Ticket> LongPollList::add(const LongPoll& poll, const Request& request,
                                                      bool is_a_persons,
                                                      std::shared_ptr<http::Asker> asker,
                                                      Time now) {
    auto key = key_of(request, poll.revision);
    if (key.size() > max_waiting) return std::nullopt;
    auto token = is_a_persons ? header(request, "authorization").value_or("") : std::string();
    if (!has_place(poll.project_id, token)) return std::nullopt;
    const auto project = projects_.try_emplace(poll.project_id).first;
    if (project->second.waiters.empty()) ++unknown_;
    auto& groups = project->second.groups;
    auto group = groups.find(key);
    if (group == groups.end())
        group =
            groups.emplace(std::move(key), Group{without_the_rest(request), poll.revision}).first;
    ++group->second.size;
    const auto ticket = next_++;
    project->second.waiters.emplace(ticket, group);
    deadlines_.emplace(now + poll.wait, ticket);
    if (is_a_persons) ++of_token_[token];
    waiters_.emplace(ticket, Waiter{project, now + poll.wait, std::move(asker), std::move(token)});
    note_if_changed(project->second, ticket, group->second);
    return ticket;
}

bool LongPollList::has_place(const std::string& project_id, const std::string& token) {
    const auto of_token = of_token_.find(token);
    if (of_token != of_token_.end() && of_token->second >= limits_.of_a_persons_token) return false;
    const auto project = projects_.find(project_id);
    if (project != projects_.end() && project->second.waiters.size() >= limits_.of_a_project)
        return false;
    return waiters_.size() < limits_.all || make_place(project_id);
}

bool LongPollList::make_place(const std::string& project_id) {
    const auto mine = projects_.find(project_id);
    const auto sharing = projects_.size() + (mine == projects_.end() ? 1 : 0);
    const auto have = mine == projects_.end() ? 0 : mine->second.waiters.size();
    const auto share = std::max<std::size_t>(limits_.all / sharing, 1);
    if (have >= share) return false;
    const auto most =
        std::max_element(projects_.begin(), projects_.end(), [](const auto& a, const auto& b) {
            return a.second.waiters.size() < b.second.waiters.size();
        });
    if (most == projects_.end() || most->second.waiters.size() <= share) return false;
    take(most->second.waiters.begin()->first, displaced_);
    return true;
}

void LongPollList::cancel(Ticket ticket) {
    const auto waiter = waiters_.find(ticket);
    if (waiter != waiters_.end()) remove(waiter);
}

void LongPollList::remove(std::unordered_map<Ticket, Waiter>::iterator waiter) {
    const auto& [ticket, gone] = *waiter;
    auto& project = gone.project->second;
    const auto group = project.waiters.find(ticket);
    if (--group->second->second.size == 0) project.groups.erase(group->second);
    project.waiters.erase(group);
    deadlines_.erase({gone.deadline, ticket});
    const auto of_token = of_token_.find(gone.token);
    if (of_token != of_token_.end() && --of_token->second == 0) of_token_.erase(of_token);
    if (project.waiters.empty()) {
        if (!project.is_known) --unknown_;
        projects_.erase(gone.project);
    }
    waiters_.erase(waiter);
}

std::vector<std::string> LongPollList::projects() const {
    std::vector<std::string> ids;
    for (const auto& [id, project] : projects_) ids.push_back(id);
    return ids;
}

void LongPollList::compare(const Revisions& current) {
    for (const auto& [id, revision] : current) {
        const auto found = projects_.find(id);
        if (found == projects_.end()) continue;
        auto& project = found->second;
        if (project.is_known && project.revision == revision) continue;
        if (!std::exchange(project.is_known, true)) --unknown_;
        project.revision = revision;
        for (const auto& [ticket, group] : project.waiters)
            note_if_changed(project, ticket, group->second);
    }
}

void LongPollList::note_if_changed(const Project& project, Ticket ticket, const Group& group) {
    if (project.is_known && (!project.revision || *project.revision > group.revision))
        changed_.push_back(ticket);
}

void LongPollList::take(Ticket ticket, Taken& taken) {
    const auto waiter = waiters_.find(ticket);
    if (waiter == waiters_.end()) return;
    const auto& request = waiter->second.project->second.waiters.at(ticket)->second.request;
    auto& due = taken[request.get()];
    due.request = request;
    due.askers.push_back(std::move(waiter->second.asker));
    remove(waiter);
}

std::vector<LongPollList::Due> LongPollList::take_due(Time now) {
    auto taken = std::exchange(displaced_, {});
    for (const auto ticket : std::exchange(changed_, {})) take(ticket, taken);
    while (!deadlines_.empty() && deadlines_.begin()->first <= now)
        take(deadlines_.begin()->second, taken);
    return values_of(std::move(taken));
}

std::vector<LongPollList::Due> LongPollList::take_all() {
    auto taken = std::exchange(displaced_, {});
    while (!deadlines_.empty()) take(deadlines_.begin()->second, taken);
    changed_.clear();
    return values_of(std::move(taken));
}

}  // namespace together::roled
