// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/stored_nodes.h"

#include <algorithm>

#include "role_server/messages/json.h"

namespace together::roled {
namespace {

// Both databases take a list as one value of JSON.
struct Dialect {
    const char* insert_from;
    const char* delete_gone;
};

constexpr Dialect sqlite{
    "SELECT json_extract(r.value, '$[0]'), json_extract(r.value, '$[1]'),"
    " json_extract(r.value, '$[2]'), json_extract(r.value, '$[3]'), json_extract(r.value, '$[4]'),"
    " json_extract(r.value, '$[5]'), json_extract(r.value, '$[6]'), w.number"
    " FROM json_each(:rows) r JOIN (SELECT :number AS number) w WHERE true",
    "DELETE FROM nodes WHERE (project_id, name) IN (SELECT json_extract(r.value, '$[0]'),"
    " json_extract(r.value, '$[1]') FROM json_each(:rows) r)"};
constexpr Dialect postgresql{
    "SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4,"
    " CAST(r.value ->> 5 AS BIGINT), CAST(r.value ->> 6 AS BIGINT), w.number"
    " FROM json_array_elements(CAST(:rows AS JSON)) r"
    " CROSS JOIN (SELECT CAST(:number AS BIGINT) AS number) w",
    "DELETE FROM nodes WHERE (project_id, name) IN (SELECT r.value ->> 0, r.value ->> 1"
    " FROM json_array_elements(CAST(:rows AS JSON)) r)"};

Json::Value json_of(const NodeRow& row) {
    Json::Value one(Json::arrayValue);
    for (const auto& text :
         {row.project_id, row.name, row.node.version, row.node.mode, row.node.key_id})
        one.append(text);
    one.append(json_or_null(row.node.revision));
    one.append(json_number(row.node.last_seen));
    return one;
}

void insert(Store& store, const Dialect& dialect, const std::vector<NodeRow>& rows, Number number) {
    Json::Value list(Json::arrayValue);
    for (const auto& row : rows) list.append(json_of(row));
    const auto text = to_text(list);
    store.run(
        "INSERT INTO nodes (project_id, name, version, mode, key_id, revision, last_seen_ms, "
        "seq) " +
            std::string(dialect.insert_from) +
            " ON CONFLICT (project_id, name) DO UPDATE SET version = excluded.version,"
            " mode = excluded.mode, key_id = excluded.key_id, revision = excluded.revision,"
            " last_seen_ms = excluded.last_seen_ms, seq = excluded.seq"
            " WHERE excluded.last_seen_ms >= nodes.last_seen_ms",
        soci::use(text), soci::use(number));
}

void remove(Store& store, const Dialect& dialect,
            const std::vector<std::pair<std::string, std::string>>& gone) {
    Json::Value list(Json::arrayValue);
    for (const auto& [project_id, name] : gone)
        list.append(json_list(std::vector<std::string>{project_id, name}));
    const auto text = to_text(list);
    store.run(dialect.delete_gone, soci::use(text));
}

}  // namespace

// Above the time, so that no number comes twice where the newest rows were removed.
NodeWrite write_nodes(Store& store, const NodeChanges& changes, std::int64_t now) {
    const auto before = newest_node_write(store);
    const NodeWrite write{before, std::max(before + 1, now)};
    const auto& dialect = store.kind() == Store::Kind::sqlite ? sqlite : postgresql;
    if (!changes.rows.empty()) insert(store, dialect, changes.rows, write.number);
    if (!changes.gone.empty()) remove(store, dialect, changes.gone);
    return write;
}

StoredNodes nodes_since(Store& store, std::int64_t write) {
    StoredNodes found{newest_node_write(store), {}};
    if (found.newest <= write) return found;
    const Number since = write;
    NodeRow row;
    std::optional<Number> revision;
    Number last_seen = 0;
    store.each(
        "SELECT project_id, name, version, mode, key_id, revision, last_seen_ms FROM nodes"
        " WHERE seq > :since",
        [&] {
            row.node.revision = revision;
            row.node.last_seen = last_seen;
            found.rows.push_back(row);
        },
        soci::into(row.project_id), soci::into(row.name), soci::into(row.node.version),
        soci::into(row.node.mode), soci::into(row.node.key_id), soci::into(revision),
        soci::into(last_seen), soci::use(since));
    return found;
}

std::int64_t newest_node_write(Store& store) {
    std::optional<Number> newest;
    store.run("SELECT MAX(seq) FROM nodes", soci::into(newest));
    return newest.value_or(0);
}

}  // namespace together::roled
