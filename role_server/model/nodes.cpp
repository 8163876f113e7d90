// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/nodes.h"

#include <algorithm>
#include <memory>

#include "common/roles/identifiers.h"
#include "common/system/trimmed.h"
#include "role_server/store/store.h"

namespace together::roled {
namespace {

constexpr std::size_t max_version = 64;
constexpr std::int64_t second = 1000;
constexpr std::int64_t hour = 3600 * second;

// All nodes confirm a change within a second or two: one statement for all of them, unless they
// take longer.
constexpr std::int64_t quiet = 300;
constexpr std::int64_t longest_wait = 3 * second;
// Other replicas know so exactly when a node was seen here.
constexpr std::int64_t seen_is_written_after = 5 * 60 * second;
constexpr std::int64_t seen_is_written_within = 30 * second;

// Longer than a long poll takes: who is not silent for this is there.
constexpr std::int64_t silent = 90 * second;
constexpr std::size_t removed_at_once = 1'000;

bool is_mode(std::string_view text) {
    return text == "enforce" || text == "observe" || text == "lockdown";
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

bool Nodes::seen(const std::string& project_id, const std::string& key_id, const NodeReport& report,
                 std::optional<std::int64_t> holds, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    auto* node = find_or_add(project_id, report.name, key_id, now);
    if (node == nullptr) return false;
    const bool changed = node->revision != holds || node->version != report.version ||
                         node->mode != report.mode || node->key_id != key_id ||
                         node->last_seen == 0;
    auto& project = projects_[project_id];
    if (node->revision != holds) project.progress = ++progress_;
    set_key(project, *node, key_id);
    node->version = report.version;
    node->mode = report.mode;
    node->revision = holds;
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

Nodes::Kept* Nodes::find_or_add(const std::string& project_id, const std::string& name,
                                const std::string& key_id, std::int64_t now) {
    auto& project = projects_[project_id];
    const auto found = project.nodes.find(name);
    if (found != project.nodes.end()) return &found->second;
    if (project.nodes.size() >= max_nodes_ && !make_room(project_id, project, now)) return nullptr;
    project.progress = ++progress_;
    ++project.of_key[key_id];
    auto& node = project.nodes[name];
    node.key_id = key_id;
    return &node;
}

// Many at once, so that a flood of names does not make it look through all of them for each.
bool Nodes::make_room(const std::string& project_id, Project& project, std::int64_t now) {
    if (now - project.looked_for_room < second) return false;
    project.looked_for_room = now;
    const auto most =
        std::max_element(project.of_key.begin(), project.of_key.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; })
            ->first;
    std::vector<std::pair<std::int64_t, std::string>> oldest;
    for (const auto& [name, node] : project.nodes)
        if (node.key_id == most && node.held == 0 && now - node.last_seen > silent)
            oldest.emplace_back(node.last_seen, name);
    const auto count = std::min(oldest.size(), std::max<std::size_t>(max_nodes_ / 100, 1));
    const auto end = oldest.begin() + static_cast<std::ptrdiff_t>(std::min(count, removed_at_once));
    std::partial_sort(oldest.begin(), end, oldest.end());
    for (auto one = oldest.begin(); one != end; ++one)
        remove(project_id, project, one->second, now);
    return end != oldest.begin();
}

void Nodes::remove(const std::string& project_id, Project& project, const std::string& name,
                   std::int64_t now) {
    const auto node = project.nodes.find(name);
    set_key(project, node->second, {});
    project.nodes.erase(node);
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
    const auto& nodes = found->second.nodes;
    result.progress = found->second.progress;
    for (const auto& [name, node] : nodes)
        ++(has_confirmed(node, revision) ? result.confirmed : result.waiting);
    const char first = page.after.empty() ? '0' : page.after.front();
    for (char part = first; part <= '1'; ++part) {
        auto node = part == first && !page.after.empty() ? nodes.upper_bound(page.after.substr(2))
                                                         : nodes.begin();
        for (; node != nodes.end() && result.rows.size() <= page.limit; ++node) {
            if (has_confirmed(node->second, revision) != (part == '1')) continue;
            result.rows.push_back({project_id, node->first, node->second});
            if (node->second.held > 0) result.rows.back().node.last_seen = now;
        }
    }
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
    if (first_change_ != 0 && (over(last_change_, quiet) || over(first_change_, longest_wait)))
        return true;
    return all || over(first_pending_, seen_is_written_within);
}

NodeChanges Nodes::take(std::int64_t now, bool all) {
    const std::lock_guard lock(mutex_);
    forget_silent(now);
    NodeChanges changes;
    if (!is_due(now, all)) return changes;
    first_pending_ = first_change_ = last_change_ = 0;
    const auto kept = [&](const Key& key) -> Kept* {
        const auto project = projects_.find(key.first);
        if (project == projects_.end()) return nullptr;
        const auto node = project->second.nodes.find(key.second);
        return node == project->second.nodes.end() ? nullptr : &node->second;
    };
    for (const auto& key : std::exchange(pending_, {})) {
        auto* node = kept(key);
        if (node == nullptr || !std::exchange(node->is_pending, false)) continue;
        if (node->held > 0) node->last_seen = std::max(node->last_seen, now);
        node->written_at = node->last_seen;
        changes.rows.push_back({key.first, key.second, *node});
    }
    for (auto& key : std::exchange(gone_, {}))
        if (kept(key) == nullptr) changes.gone.push_back(std::move(key));
    return changes;
}

void Nodes::merge(const std::vector<NodeRow>& stored, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    for (const auto& row : stored) {
        if (now - row.node.last_seen > forgotten_after) continue;
        auto* node = find_or_add(row.project_id, row.name, row.node.key_id, now);
        if (node == nullptr || row.node.last_seen <= node->last_seen) continue;
        auto& project = projects_[row.project_id];
        if (node->revision != row.node.revision) project.progress = ++progress_;
        set_key(project, *node, row.node.key_id);
        static_cast<Node&>(*node) = row.node;
        node->written_at = row.node.last_seen;
    }
}

void Nodes::forget_silent(std::int64_t now) {
    if (now - looked_for_silent_ < hour) return;
    looked_for_silent_ = now;
    for (auto project = projects_.begin(); project != projects_.end();) {
        std::vector<std::string> over;
        for (const auto& [name, node] : project->second.nodes)
            if (node.held == 0 && now - node.last_seen > forgotten_after) over.push_back(name);
        for (const auto& name : over) remove(project->first, project->second, name, now);
        project = project->second.nodes.empty() ? projects_.erase(project) : std::next(project);
    }
}

}  // namespace together::roled
