// SPDX-License-Identifier: Apache-2.0
// The nodes of each project, as they report themselves with their roster requests: what a change's
// receipt counts. In memory; what changes is written many at a time (stored_nodes.h), and what
// other replicas wrote is merged in.
//
// Whoever has a node key can report any name, so a report is believed of its own row alone. A
// project has max_nodes of them. Where it is full, a new name gets a place only of those that have
// been silent longest, for a minute at least, of the key that has most: whoever makes names up
// pushes out their own, and never a node whose long poll is held. Nobody fills the memory either:
// all organizations have max_of_all, and where that is full one that has less than an equal share
// takes places of the one that has most; within one it is so among its projects.
//
// Thread-safe; nothing blocks on the database. Times in milliseconds since 1970.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "role_server/base/uri.h"
#include "role_server/messages/message.h"

namespace together::roled {

struct NodeReport {
    std::string name, version, mode;
};
// Of the header's value, name=…; version=…; mode=…; nothing where it is none.
std::optional<NodeReport> read_node_report(std::string_view value);

struct Node {
    std::string version, mode, key_id;
    std::optional<std::int64_t> revision;  // of the roster that it holds, by its own word
    std::int64_t last_seen = 0;
};

struct NodeRow {
    std::string organization_id, project_id, name;
    Node node;
};

// What is to be written: at most one row of each name, and no name in both.
struct NodeChanges {
    std::vector<NodeRow> rows;
    std::vector<std::pair<std::string, std::string>> gone;  // projects and names
    bool empty() const { return rows.empty() && gone.empty(); }
};

struct NodesPage {
    std::size_t confirmed = 0, waiting = 0;
    std::vector<NodeRow> rows;  // at most one more than asked for
    std::int64_t progress = 0;  // another number after each change of what some node holds
};

class Nodes {
    struct Kept : Node {
        std::size_t held = 0;         // of its requests
        std::int64_t written_at = 0;  // its last_seen then
        bool is_pending = false;
    };

  public:
    // While it lives its node counts as seen.
    class Held {
      public:
        Held(Nodes& nodes, Kept& node) : nodes_(nodes), node_(node) {}
        ~Held();
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;

      private:
        Nodes& nodes_;
        Kept& node_;
    };

    explicit Nodes(std::size_t max_nodes = 100'000, std::size_t max_of_all = 200'000)
        : max_nodes_(max_nodes), max_of_all_(max_of_all) {}

    // A node has asked. False where there is no place for another name.
    bool seen(const NodeRequest& request, const NodeReport& report, std::int64_t now);
    // Its request is held. Nothing where there is no such node.
    std::unique_ptr<Held> hold(const std::string& project_id, const std::string& name);

    // Those that hold an older revision than this one, or none, first; both in the order of names.
    // `page.after`: the cursor_of() the last row of the page before.
    NodesPage page(const std::string& project_id, std::int64_t revision, const Page& page,
                   std::int64_t now) const;
    static std::string cursor_of(const NodeRow& row, std::int64_t revision);
    static bool is_cursor(std::string_view text);

    std::int64_t progress() const;
    std::int64_t progress_of(const std::string& project_id) const;

    // What is to be written by now, if anything: changes once no other has come for a moment, and,
    // more seldom, that a node is still there. Also forgets who has been silent for too long.
    NodeChanges take(std::int64_t now, bool all);
    void merge(const std::vector<NodeRow>& stored, std::int64_t now);

    static constexpr std::int64_t forgotten_after = std::int64_t{30} * 24 * 3600 * 1000;

  private:
    // By name.
    using Kind = std::map<std::string_view, const Kept*>;
    struct Organization {
        std::size_t projects = 0, nodes = 0;
    };
    struct Project {
        std::string organization_id;
        std::map<std::string, Kept, std::less<>> nodes;
        // By what they hold: a receipt of a hundred thousand nodes is counted without a look at
        // each of them, while none of them can report.
        std::map<std::optional<std::int64_t>, Kind> holding;
        std::unordered_map<std::string, std::size_t> of_key;
        std::int64_t progress = 0;
        std::int64_t looked_for_room = 0;
    };
    using Projects = std::unordered_map<std::string, Project>;
    using Key = std::pair<std::string, std::string>;  // project, name

    Project& find_or_add(const NodeRequest& request);
    Kept* find_or_add(const NodeRequest& request, const std::string& name, std::int64_t now);
    bool make_room(const std::string& project_id, Project& project, std::int64_t now);
    bool make_room_of_all(const Project& newcomer, std::int64_t now);
    bool make_room_in(const std::string& organization_id, std::size_t share, std::int64_t now);
    bool remove_oldest(const std::string& project_id, Project& project, const std::string& key_id,
                       std::int64_t seen_before, std::size_t most, std::int64_t now);
    void remove(const std::string& project_id, Project& project, const std::string& name,
                std::int64_t now);
    static void set_key(Project& project, Kept& node, const std::string& key_id);
    static void set_revision(Project& project, std::string_view name, Kept& node,
                             std::optional<std::int64_t> revision);
    void note_pending(const std::string& project_id, const std::string& name, Kept& node,
                      bool changed, std::int64_t now);
    bool is_due(std::int64_t now, bool all) const;
    Projects::iterator forget(Projects::iterator project);
    void forget_silent(std::int64_t now);

    const std::size_t max_nodes_, max_of_all_;
    std::size_t of_all_ = 0;
    mutable std::mutex mutex_;
    Projects projects_;
    std::unordered_map<std::string, Organization> organizations_;
    std::deque<Key> pending_;
    std::vector<Key> gone_;
    std::int64_t first_pending_ = 0, first_change_ = 0, last_change_ = 0;  // 0: none
    std::int64_t progress_ = 0;
    std::int64_t looked_for_silent_ = 0, looked_for_room_ = 0;
};

}  // namespace together::roled
