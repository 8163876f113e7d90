// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/schema.h"

#include <array>
#include <string_view>

#include "role_server/base/crypto.h"

namespace together::roled {
namespace {

// BIGINT, never INTEGER: SOCI reads the latter into 32 bits. One statement a string: SOCI drops a
// second one silently. SQL that SQLite and PostgreSQL both take.
constexpr std::array version_1 = std::to_array<const char*>({
    "CREATE TABLE users (id VARCHAR(64) PRIMARY KEY, email VARCHAR(254) NOT NULL,"
    " email_key VARCHAR(254) NOT NULL UNIQUE, name VARCHAR(128), login VARCHAR(32), uid BIGINT "
    "UNIQUE,"
    " created_at BIGINT NOT NULL, deleted_at BIGINT)",
    "CREATE UNIQUE INDEX users_by_login ON users (LOWER(login))",
    // Every login that somebody ever had: it is never given to another, since files and processes
    // of that name may still be on some node. A uid stays in its user's row, which stays too.
    "CREATE TABLE logins (login_key VARCHAR(32) PRIMARY KEY,"
    " user_id VARCHAR(64) NOT NULL REFERENCES users (id))",
    "CREATE TABLE organizations (id VARCHAR(64) PRIMARY KEY, name VARCHAR(128) NOT NULL,"
    " owner_id VARCHAR(64) NOT NULL REFERENCES users (id), default_project_id VARCHAR(64) NOT NULL,"
    " external_collaborators BIGINT NOT NULL, allocate_uids BIGINT NOT NULL, created_at BIGINT NOT "
    "NULL)",
    "CREATE TABLE members (organization_id VARCHAR(64) NOT NULL REFERENCES organizations (id),"
    " user_id VARCHAR(64) NOT NULL REFERENCES users (id),"
    " role VARCHAR(16) NOT NULL CHECK (role IN ('admin', 'member')), created_at BIGINT NOT NULL,"
    " PRIMARY KEY (organization_id, user_id))",
    "CREATE INDEX members_by_user ON members (user_id)",
    "CREATE TABLE projects (id VARCHAR(64) PRIMARY KEY,"
    " organization_id VARCHAR(64) NOT NULL REFERENCES organizations (id), name VARCHAR(128) NOT "
    "NULL,"
    " revision BIGINT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX projects_by_organization ON projects (organization_id)",
    "CREATE TABLE collaborators (project_id VARCHAR(64) NOT NULL REFERENCES projects (id),"
    " user_id VARCHAR(64) NOT NULL REFERENCES users (id),"
    " role VARCHAR(16) NOT NULL CHECK (role IN ('admin', 'member')), created_at BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, user_id))",
    "CREATE INDEX collaborators_by_user ON collaborators (user_id)",
    // All three kinds of key: of a user, of a project, of a project's nodes.
    "CREATE TABLE api_keys (id VARCHAR(64) PRIMARY KEY,"
    " kind VARCHAR(16) NOT NULL CHECK (kind IN ('user', 'project', 'node')),"
    " secret_hash VARCHAR(64) NOT NULL, user_id VARCHAR(64) REFERENCES users (id),"
    " project_id VARCHAR(64) REFERENCES projects (id), name VARCHAR(128) NOT NULL,"
    " created_by VARCHAR(64) NOT NULL REFERENCES users (id), created_at BIGINT NOT NULL,"
    " expires_at BIGINT, last_used_at BIGINT, revoked_at BIGINT,"
    " CHECK ((kind = 'user') = (user_id IS NOT NULL)),"
    " CHECK ((kind = 'user') = (project_id IS NULL)))",
    "CREATE INDEX api_keys_by_project ON api_keys (project_id)",
    // No foreign keys: it outlives what it tells of. Values before and after are JSON.
    "CREATE TABLE audit (id VARCHAR(64) PRIMARY KEY, time_ms BIGINT NOT NULL,"
    " request_id VARCHAR(64) NOT NULL, organization_id VARCHAR(64), actor VARCHAR(64) NOT NULL,"
    " key_id VARCHAR(64), action VARCHAR(64) NOT NULL, target VARCHAR(254) NOT NULL,"
    " outcome VARCHAR(16) NOT NULL, reason VARCHAR(512), value_before VARCHAR(2048),"
    " value_after VARCHAR(2048))",
    "CREATE INDEX audit_by_organization ON audit (organization_id, time_ms)",
});

constexpr long long current_version = 1;

void set_meta(Store& store, const std::string& name, const std::string& value) {
    store.sql() << "DELETE FROM meta WHERE name = :name", soci::use(name);
    store.sql() << "INSERT INTO meta (name, value) VALUES (:name, :value)", soci::use(name),
        soci::use(value);
}

std::string get_meta(Store& store, const std::string& name) {
    std::string value;
    store.sql() << "SELECT value FROM meta WHERE name = :name", soci::into(value), soci::use(name);
    return store.sql().got_data() ? value : std::string();
}

}  // namespace

Result<void> migrate(Store& store) {
    Transaction transaction(store, Transaction::Mode::write);
    store.sql() << "CREATE TABLE IF NOT EXISTS meta (name VARCHAR(64) PRIMARY KEY, value "
                   "VARCHAR(64) NOT NULL)";
    const auto stored = get_meta(store, "schema_version");
    const auto version = stored.empty() ? 0 : std::stoll(stored);
    if (version > current_version)
        return failure("the database has schema version " + stored +
                       ", written by a newer together-roled than this one");
    if (version < 1) {
        for (const auto* statement : version_1) store.sql() << statement;
        set_meta(store, "epoch", random_base62(8));
    }
    if (version < current_version)
        set_meta(store, "schema_version", std::to_string(current_version));
    transaction.commit();
    return {};
}

std::string epoch_of(Store& store) {
    return get_meta(store, "epoch");
}

}  // namespace together::roled
