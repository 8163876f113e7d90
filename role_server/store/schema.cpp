// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/schema.h"

#include <set>

#include "role_server/base/crypto.h"
#include "role_server/store/schema_steps.h"

namespace together::roled {
namespace {

constexpr std::string_view id_type = "{id}";

void set_meta(Store& store, const std::string& name, const std::string& value) {
    store.run("DELETE FROM meta WHERE name = :name", soci::use(name));
    store.run("INSERT INTO meta (name, value) VALUES (:name, :value)", soci::use(name),
              soci::use(value));
}

std::string get_meta(Store& store, const std::string& name) {
    std::string value;
    const bool found =
        store.run("SELECT value FROM meta WHERE name = :name", soci::into(value), soci::use(name));
    return found ? value : std::string();
}

// PostgreSQL orders text by the rules of some language unless told otherwise, and cursors compare
// bytes.
std::string for_database(std::string_view statement, Store::Kind kind) {
    std::string text(statement);
    const std::string_view type =
        kind == Store::Kind::sqlite ? "VARCHAR(64)" : "VARCHAR(254) COLLATE \"C\"";
    for (auto at = text.find(id_type); at != std::string::npos; at = text.find(id_type, at))
        text.replace(at, id_type.size(), type);
    return text;
}

int number_in(const std::string& text) {
    return text.empty() ? 0 : std::stoi(text);
}

// "table.column" of all of them.
std::set<std::string> columns_of(Store& store) {
    std::set<std::string> columns;
    std::string table, column;
    store.each(
        store.kind() == Store::Kind::sqlite
            ? "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
              " WHERE m.type IN ('table', 'view')"
            : "SELECT table_name, column_name FROM information_schema.columns"
              " WHERE table_schema = current_schema()",
        [&] { columns.insert(table + "." + column); }, soci::into(table), soci::into(column));
    return columns;
}

bool has_meta(Store& store) {
    const auto columns = columns_of(store);
    return columns.count("meta.name") > 0;
}

void take(Store& store, const SchemaStep& step) {
    for (const auto statement : step.statements)
        store.sql() << for_database(statement, store.kind());
    set_meta(store, "schema_version", std::to_string(step.version));
    set_meta(store, "works_for", std::to_string(step.works_for));
}

}  // namespace

Result<void> migrate(Store& store) {
    Transaction transaction(store, Transaction::Mode::write);
    store.sql() << "CREATE TABLE IF NOT EXISTS meta (name VARCHAR(64) PRIMARY KEY, value "
                   "VARCHAR(64) NOT NULL)";
    if (auto known = refuse_newer(store); !known) return known;
    const auto version = number_in(get_meta(store, "schema_version"));
    if (version == 0) set_epoch(store, random_base62(8));
    for (const auto& step : schema_steps())
        if (step.version > version) take(store, step);
    transaction.commit();
    return {};
}

Result<void> refuse_newer(Store& store) {
    const auto version = schema_version(store), ours = newest_schema_version();
    if (version <= ours || number_in(get_meta(store, "works_for")) <= ours) return {};
    return failure("the database has schema version " + std::to_string(version) +
                   ", written by a newer together-roled; this one knows version " +
                   std::to_string(ours) + " at most: install the newer one again");
}

int schema_version(Store& store) {
    return has_meta(store) ? number_in(get_meta(store, "schema_version")) : 0;
}

int newest_schema_version() {
    return schema_steps().back().version;
}

std::vector<std::string> schema_differences(Store& store) {
    const auto made = Store::in_memory();
    if (auto migrated = migrate(*made); !migrated) return {migrated.error().message};
    const auto expected = columns_of(*made), found = columns_of(store);
    std::vector<std::string> differences;
    for (const auto& column : expected)
        if (found.count(column) == 0) differences.push_back(column + " is missing");
    // An Admin of the database may have tables of their own there.
    return differences;
}

std::int64_t meta_number(Store& store, const std::string& name) {
    std::string value;
    return store.run("SELECT value FROM meta WHERE name = :name", soci::into(value),
                     soci::use(name))
               ? std::stoll(value)
               : 0;
}

std::string epoch_of(Store& store) {
    return get_meta(store, "epoch");
}

void set_epoch(Store& store, const std::string& epoch) {
    set_meta(store, "epoch", epoch);
}

}  // namespace together::roled
