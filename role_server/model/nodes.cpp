// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/nodes.h"

#include <algorithm>
#include <memory>
#include <queue>

#include "common/roles/identifiers.h"
#include "common/system/trimmed.h"
#include "role_server/store/store.h"

namespace together::roled {
namespace {

constexpr std::size_t max_version = 64;
constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;

// All nodes confirm a change within a second or two: one statement for all of them, unless they
// take longer.
constexpr std::int64_t quiet = 300;
constexpr std::int64_t max_wait = 3 * second;
// Some 30 ms, for which other writers wait: whoever has a node key can make up tens of thousands.
constexpr std::size_t written_at_once = 2'000;
// Other replicas know so exactly when a node was seen here.
constexpr std::int64_t seen_is_written_after = 5 * minute;
constexpr std::int64_t seen_is_written_within = 30 * second;

// Longer than a long poll takes: who is not silent for this is there.
constexpr std::int64_t silent = 90 * second;
constexpr std::size_t removed_at_once = 1'000;

bool is_mode(std::string_view text) {
    return text == "enforce" || text == "observe" || text == "lockdown";
}

// Those of several kinds in one order of names, from the one behind `after`, as long as `visit`
// says so.
template <class Iterator, class Visit>
void visit_in_order(Iterator first, Iterator last, std::string_view after, const Visit& visit) {
    using Place = decltype(first->second.begin());
    using Range = std::pair<Place, Place>;
    const auto later = [](const Range& a, const Range& b) {
        return a.first->first > b.first->first;
    };
    std::priority_queue<Range, std::vector<Range>, decltype(later)> next(later);
    for (auto kind = first; kind != last; ++kind) {
        const auto& nodes = kind->second;
        const auto place = after.empty() ? nodes.begin() : nodes.upper_bound(after);
        if (place != nodes.end()) next.emplace(place, nodes.end());
    }
    while (!next.empty()) {
        auto [place, end] = next.top();
        next.pop();
        if (!visit(place->first, *place->second)) return;
        if (++place != end) next.emplace(place, end);
    }
}

bool has_confirmed(const Node& node, std::int64_t revision) {
    return node.revision && *node.revision >= revision;
}

}  // namespace

std::optional<NodeReport> read_node_report(std::string_view value) {
    NodeReport report;
    while (!value.empty()) {
        const auto part = value.substr(0, value.find(';'));
        value.remove_prefix(std::min(value.size(), part.size() + 1));
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = trimmed(part.substr(0, equals));
        const std::string text(trimmed(part.substr(equals + 1)));
        if (name == "name") report.name = text;
        if (name == "version") report.version = text;
        if (name == "mode") report.mode = text;
    }
    // A version has the characters of a name, and "+" or "~" in packages.
    auto version = report.version;
    std::erase_if(version, [](char c) { return c == '+' || c == '~'; });
    if (!is_node_name(report.name) || !is_node_name(version) ||
        report.version.size() > max_version || !is_mode(report.mode))
        return std::nullopt;
    return report;
}

Nodes::Held::~Held() {
    const std::lock_guard lock(nodes_.mutex_);
    --node_.held;
    node_.last_seen = std::max(node_.last_seen, now_milliseconds());
}

bool Nodes::seen(const NodeRequest& request, const NodeReport& report, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    const auto& [organization_id, project_id, key_id, holds] = request;
    auto* node = find_or_add(request, report.name, now);
    if (node == nullptr) return false;
    const bool changed = node->revision != holds || node->version != report.version ||
                         node->mode != report.mode || node->key_id != key_id ||
                         node->last_seen == 0;
    auto& project = projects_[project_id];
    if (node->revision != holds) project.progress = ++progress_;
    set_revision(project, report.name, *node, holds);
    set_key(project, *node, key_id);
    node->version = report.version;
    node->mode = report.mode;
    node->last_seen = now;
    if (changed || now - node->written_at >= seen_is_written_after)
        note_pending(project_id, report.name, *node, changed, now);
    return true;
}

std::unique_ptr<Nodes::Held> Nodes::hold(const std::string& project_id, const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto project = projects_.find(project_id);
    if (project == projects_.end()) return nullptr;
    const auto node = project->second.nodes.find(name);
    if (node == project->second.nodes.end()) return nullptr;
    ++node->second.held;
    return std::make_unique<Held>(*this, node->second);
}

Nodes::Project& Nodes::find_or_add(const NodeRequest& request) {
    const auto [found, added] = projects_.try_emplace(request.project_id);
    if (added) {
        found->second.organization_id = request.organization_id;
        ++organizations_[request.organization_id].projects;
    }
    return found->second;
}

Nodes::Kept* Nodes::find_or_add(const NodeRequest& request, const std::string& name,
                                std::int64_t now) {
    const auto& project_id = request.project_id;
    auto& project = find_or_add(request);
    const auto found = project.nodes.find(name);
    if (found != project.nodes.end()) return &found->second;
    if (project.nodes.size() >= max_nodes_ && !make_room(project_id, project, now)) return nullptr;
    if (of_all_ >= max_of_all_ && !make_room_of_all(project, now)) return nullptr;
    ++of_all_;
    ++organizations_[project.organization_id].nodes;
    project.progress = ++progress_;
    ++project.of_key[request.key_id];
    const auto added = project.nodes.try_emplace(name).first;
    added->second.key_id = request.key_id;
    project.holding[added->second.revision].emplace(added->first, &added->second);
    return &added->second;
}

// Many at once, so that a flood of names does not make it look through all of them for each.
bool Nodes::make_room(const std::string& project_id, Project& project, std::int64_t now) {
    if (now - project.looked_for_room < second) return false;
    project.looked_for_room = now;
    const auto most =
        std::max_element(project.of_key.begin(), project.of_key.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; })
            ->first;
    return remove_oldest(project_id, project, most, now - silent, max_nodes_ / 100, now);
}

bool Nodes::make_room_of_all(const Project& newcomer, std::int64_t now) {
    if (now - looked_for_room_ < second) return false;
    const auto& own = *organizations_.find(newcomer.organization_id);
    const auto share = max_of_all_ / organizations_.size();
    if (own.second.nodes < share) {
        const auto most = std::max_element(
            organizations_.begin(), organizations_.end(),
            [](const auto& a, const auto& b) { return a.second.nodes < b.second.nodes; });
        return make_room_in(most->first, 0, now);
    }
    const auto share_within = own.second.nodes / own.second.projects;
    return newcomer.nodes.size() < share_within && make_room_in(own.first, share_within, now);
}

// Of its project that has most, where that is more than `share`.
bool Nodes::make_room_in(const std::string& organization_id, std::size_t share, std::int64_t now) {
    looked_for_room_ = now;
    std::pair<const std::string, Project>* most = nullptr;
    for (auto& project : projects_)
        if (project.second.organization_id == organization_id &&
            (most == nullptr || project.second.nodes.size() > most->second.nodes.size()))
            most = &project;
    if (most == nullptr || most->second.nodes.size() <= share) return false;
    return remove_oldest(most->first, most->second, {}, now, max_of_all_ / 100, now);
}

// Of one key, or of all where it is empty. True where there was one.
bool Nodes::remove_oldest(const std::string& project_id, Project& project,
                          const std::string& key_id, std::int64_t seen_before, std::size_t most,
                          std::int64_t now) {
    std::vector<std::pair<std::int64_t, std::string>> oldest;
    for (const auto& [name, node] : project.nodes)
        if ((key_id.empty() || node.key_id == key_id) && node.held == 0 &&
            node.last_seen < seen_before)
            oldest.emplace_back(node.last_seen, name);
    const auto count = std::min({oldest.size(), std::max<std::size_t>(most, 1), removed_at_once});
    const auto end = oldest.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(oldest.begin(), end, oldest.end());
    for (auto one = oldest.begin(); one != end; ++one)
        remove(project_id, project, one->second, now);
    return end != oldest.begin();
}

void Nodes::remove(const std::string& project_id, Project& project, const std::string& name,
                   std::int64_t now) {
    const auto node = project.nodes.find(name);
    set_key(project, node->second, {});
    const auto kind = project.holding.find(node->second.revision);
    kind->second.erase(node->first);
    if (kind->second.empty()) project.holding.erase(kind);
    project.nodes.erase(node);
    --of_all_;
    --organizations_[project.organization_id].nodes;
    gone_.emplace_back(project_id, name);
    if (first_pending_ == 0) first_pending_ = now;
    project.progress = ++progress_;
}

void Nodes::set_key(Project& project, Kept& node, const std::string& key_id) {
    if (node.key_id == key_id) return;
    const auto before = project.of_key.find(node.key_id);
    if (before != project.of_key.end() && --before->second == 0) project.of_key.erase(before);
    if (!key_id.empty()) ++project.of_key[key_id];
    node.key_id = key_id;
}

void Nodes::set_revision(Project& project, std::string_view name, Kept& node,
                         std::optional<std::int64_t> revision) {
    if (node.revision == revision) return;
    const auto before = project.holding.find(node.revision);
    auto place = before->second.extract(name);
    if (before->second.empty()) project.holding.erase(before);
    node.revision = revision;
    project.holding[revision].insert(std::move(place));
}

void Nodes::note_pending(const std::string& project_id, const std::string& name, Kept& node,
                         bool changed, std::int64_t now) {
    if (!std::exchange(node.is_pending, true)) pending_.emplace_back(project_id, name);
    if (first_pending_ == 0) first_pending_ = now;
    if (!changed) return;
    if (first_change_ == 0) first_change_ = now;
    last_change_ = now;
}

NodesPage Nodes::page(const std::string& project_id, std::int64_t revision, const Page& page,
                      std::int64_t now) const {
    const std::lock_guard lock(mutex_);
    NodesPage result;
    const auto found = projects_.find(project_id);
    if (found == projects_.end()) return result;
    result.progress = found->second.progress;
    const auto& holding = found->second.holding;
    const auto confirmed = holding.lower_bound(revision);
    for (auto kind = confirmed; kind != holding.end(); ++kind)
        result.confirmed += kind->second.size();
    result.waiting = found->second.nodes.size() - result.confirmed;
    const auto add = [&](const std::string_view& name, const Kept& node) {
        result.rows.push_back({found->second.organization_id, project_id, std::string(name), node});
        if (node.held > 0) result.rows.back().node.last_seen = now;
        return result.rows.size() <= page.limit;
    };
    const bool goes_on = page.after.empty() || page.after.front() == '0';
    const auto after = std::string_view(page.after).substr(page.after.empty() ? 0 : 2);
    if (goes_on) visit_in_order(holding.begin(), confirmed, after, add);
    if (result.rows.size() <= page.limit)
        visit_in_order(confirmed, holding.end(), goes_on ? std::string_view() : after, add);
    return result;
}

std::string Nodes::cursor_of(const NodeRow& row, std::int64_t revision) {
    return (has_confirmed(row.node, revision) ? "1-" : "0-") + row.name;
}

bool Nodes::is_cursor(std::string_view text) {
    return (text.starts_with("0-") || text.starts_with("1-")) && is_node_name(text.substr(2));
}

std::int64_t Nodes::progress() const {
    const std::lock_guard lock(mutex_);
    return progress_;
}

std::int64_t Nodes::progress_of(const std::string& project_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = projects_.find(project_id);
    return found == projects_.end() ? 0 : found->second.progress;
}

// A time that is yet to come was noted before the clock was set back.
bool Nodes::is_due(std::int64_t now, bool all) const {
    if (pending_.empty() && gone_.empty()) return false;
    const auto over = [&](std::int64_t since, std::int64_t time) {
        return now < since || now - since >= time;
    };
    if (first_change_ != 0 && (over(last_change_, quiet) || over(first_change_, max_wait)))
        return true;
    return all || over(first_pending_, seen_is_written_within);
}

NodeChanges Nodes::take(std::int64_t now, bool all) {
    const std::lock_guard lock(mutex_);
    forget_silent(now);
    NodeChanges changes;
    if (!is_due(now, all)) return changes;
    const auto count = all ? pending_.size() : std::min(pending_.size(), written_at_once);
    const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
    const auto kept = [&](const Key& key) -> Kept* {
        const auto project = projects_.find(key.first);
        if (project == projects_.end()) return nullptr;
        const auto node = project->second.nodes.find(key.second);
        return node == project->second.nodes.end() ? nullptr : &node->second;
    };
    for (auto key = pending_.begin(); key != end; ++key) {
        auto* node = kept(*key);
        if (node == nullptr || !std::exchange(node->is_pending, false)) continue;
        if (node->held > 0) node->last_seen = std::max(node->last_seen, now);
        node->written_at = node->last_seen;
        changes.rows.push_back({{}, key->first, key->second, *node});
    }
    pending_.erase(pending_.begin(), end);
    if (pending_.empty()) first_pending_ = first_change_ = last_change_ = 0;
    for (auto& key : std::exchange(gone_, {}))
        if (kept(key) == nullptr) changes.gone.push_back(std::move(key));
    return changes;
}

void Nodes::merge(const std::vector<NodeRow>& stored, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    for (const auto& row : stored) {
        if (now - row.node.last_seen > forgotten_after) continue;
        auto* node =
            find_or_add({row.organization_id, row.project_id, row.node.key_id, {}}, row.name, now);
        if (node == nullptr || row.node.last_seen <= node->last_seen) continue;
        auto& project = projects_[row.project_id];
        if (node->revision != row.node.revision) project.progress = ++progress_;
        set_key(project, *node, row.node.key_id);
        set_revision(project, row.name, *node, row.node.revision);
        static_cast<Node&>(*node) = row.node;
        node->written_at = row.node.last_seen;
    }
}

Nodes::Projects::iterator Nodes::forget(Projects::iterator project) {
    const auto organization = organizations_.find(project->second.organization_id);
    if (--organization->second.projects == 0) organizations_.erase(organization);
    return projects_.erase(project);
}

void Nodes::forget_silent(std::int64_t now) {
    if (now - looked_for_silent_ < hour) return;
    looked_for_silent_ = now;
    for (auto project = projects_.begin(); project != projects_.end();) {
        std::vector<std::string> over;
        for (const auto& [name, node] : project->second.nodes)
            if (node.held == 0 && now - node.last_seen > forgotten_after) over.push_back(name);
        for (const auto& name : over) remove(project->first, project->second, name, now);
        project = project->second.nodes.empty() ? forget(project) : std::next(project);
    }
}

}  // namespace together::roled
