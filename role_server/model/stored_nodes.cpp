// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/stored_nodes.h"

#include <algorithm>

#include "role_server/messages/json.h"
#include "role_server/store/json_rows.h"

namespace together::roled {
namespace {

Json::Value json_of(const NodeRow& row) {
    Json::Value one(Json::arrayValue);
    for (const auto& text :
         {row.project_id, row.name, row.node.version, row.node.mode, row.node.key_id})
        one.append(text);
    one.append(json_or_null(row.node.revision));
    one.append(json_number(row.node.last_seen));
    return one;
}

void insert(Store& store, const std::vector<NodeRow>& rows, Number number) {
    Json::Value list(Json::arrayValue);
    for (const auto& row : rows) list.append(json_of(row));
    const auto text = to_text(list);
    store.run(
        "INSERT INTO nodes (project_id, name, version, mode, key_id, revision, last_seen_ms, seq)"
        " SELECT s.*, w.number FROM (" +
            select_json_rows(store.kind(), {{"project_id"},
                                            {"name"},
                                            {"version"},
                                            {"mode"},
                                            {"key_id"},
                                            {"revision", true},
                                            {"last_seen_ms", true}}) +
            ") s CROSS JOIN (SELECT CAST(:number AS BIGINT) AS number) w WHERE true"
            " ON CONFLICT (project_id, name) DO UPDATE SET version = excluded.version,"
            " mode = excluded.mode, key_id = excluded.key_id, revision = excluded.revision,"
            " last_seen_ms = excluded.last_seen_ms, seq = excluded.seq"
            " WHERE excluded.last_seen_ms >= nodes.last_seen_ms",
        soci::use(text), soci::use(number));
}

void remove(Store& store, const std::vector<std::pair<std::string, std::string>>& gone) {
    Json::Value list(Json::arrayValue);
    for (const auto& [project_id, name] : gone)
        list.append(json_list(std::vector<std::string>{project_id, name}));
    const auto text = to_text(list);
    store.run("DELETE FROM nodes WHERE (project_id, name) IN (" +
                  select_json_rows(store.kind(), {{"project_id"}, {"name"}}) + ")",
              soci::use(text));
}

}  // namespace

// Above the time, so that no number comes twice where the newest rows were removed.
NodeWrite write_nodes(Store& store, const NodeChanges& changes, std::int64_t now) {
    const auto before = newest_node_write(store);
    const NodeWrite write{before, std::max(before + 1, now)};
    if (!changes.rows.empty()) insert(store, changes.rows, write.number);
    if (!changes.gone.empty()) remove(store, changes.gone);
    return write;
}

StoredNodes nodes_since(Store& store, std::int64_t write) {
    StoredNodes found{newest_node_write(store), {}};
    if (found.newest <= write) return found;
    const Number since = write;
    NodeRow row;
    std::optional<std::string> organization_id;  // none of a project that was deleted meanwhile
    std::optional<Number> revision;
    Number last_seen = 0;
    store.each(
        "SELECT p.organization_id, n.project_id, n.name, n.version, n.mode, n.key_id, n.revision,"
        " n.last_seen_ms FROM nodes n LEFT JOIN projects p ON p.id = n.project_id"
        " WHERE n.seq > :since",
        [&] {
            row.organization_id = organization_id.value_or("");
            row.node.revision = revision;
            row.node.last_seen = last_seen;
            found.rows.push_back(row);
        },
        soci::into(organization_id), soci::into(row.project_id), soci::into(row.name),
        soci::into(row.node.version), soci::into(row.node.mode), soci::into(row.node.key_id),
        soci::into(revision), soci::into(last_seen), soci::use(since));
    return found;
}

std::int64_t newest_node_write(Store& store) {
    std::optional<Number> newest;
    store.run("SELECT MAX(seq) FROM nodes", soci::into(newest));
    return newest.value_or(0);
}

}  // namespace together::roled
