// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/schema_steps.h"

#include <array>

namespace together::roled {
namespace {

// BIGINT, never INTEGER: SOCI reads the latter into 32 bits.
constexpr auto version_1 = std::to_array<std::string_view>({
    "CREATE TABLE users (id {id} PRIMARY KEY, email VARCHAR(254) NOT NULL,"
    " email_key {id} NOT NULL UNIQUE, name VARCHAR(128), login VARCHAR(32), uid BIGINT UNIQUE,"
    " created_at BIGINT NOT NULL, deleted_at BIGINT)",
    "CREATE UNIQUE INDEX users_by_login ON users (LOWER(login))",
    // Every login that somebody ever had: it is never given to another, since files and processes
    // of that name may still be on some node.
    "CREATE TABLE logins (login_key {id} PRIMARY KEY, user_id {id} NOT NULL REFERENCES users (id))",
    "CREATE TABLE organizations (id {id} PRIMARY KEY, name VARCHAR(128) NOT NULL,"
    " owner_id {id} NOT NULL REFERENCES users (id), default_project_id {id} NOT NULL,"
    " external_collaborators BIGINT NOT NULL, allocate_uids BIGINT NOT NULL,"
    " created_at BIGINT NOT NULL)",
    "CREATE TABLE members (organization_id {id} NOT NULL REFERENCES organizations (id),"
    " user_id {id} NOT NULL REFERENCES users (id),"
    " role VARCHAR(16) NOT NULL CHECK (role IN ('admin', 'member')), created_at BIGINT NOT NULL,"
    " PRIMARY KEY (organization_id, user_id))",
    "CREATE INDEX members_by_user ON members (user_id)",
    "CREATE TABLE projects (id {id} PRIMARY KEY,"
    " organization_id {id} NOT NULL REFERENCES organizations (id), name VARCHAR(128) NOT NULL,"
    " revision BIGINT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX projects_by_organization ON projects (organization_id)",
    "CREATE TABLE collaborators (project_id {id} NOT NULL REFERENCES projects (id),"
    " user_id {id} NOT NULL REFERENCES users (id),"
    " role VARCHAR(16) NOT NULL CHECK (role IN ('admin', 'member')), created_at BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, user_id))",
    "CREATE INDEX collaborators_by_user ON collaborators (user_id)",
    // All three kinds of key: of a user, of a project, of a project's nodes.
    "CREATE TABLE api_keys (id {id} PRIMARY KEY,"
    " kind VARCHAR(16) NOT NULL CHECK (kind IN ('user', 'project', 'node')),"
    " secret_hash VARCHAR(64) NOT NULL, user_id {id} REFERENCES users (id),"
    " project_id {id} REFERENCES projects (id), name VARCHAR(128) NOT NULL,"
    " created_by {id} NOT NULL REFERENCES users (id), created_at BIGINT NOT NULL,"
    " expires_at BIGINT, last_used_at BIGINT, revoked_at BIGINT,"
    " CHECK ((kind = 'user') = (user_id IS NOT NULL)),"
    " CHECK ((kind = 'user') = (project_id IS NULL)))",
    "CREATE INDEX api_keys_by_project ON api_keys (project_id)",
    // No foreign keys: it outlives what it tells of. Values before and after are JSON.
    "CREATE TABLE audit (id {id} PRIMARY KEY, time_ms BIGINT NOT NULL,"
    " request_id VARCHAR(64) NOT NULL, organization_id {id}, actor VARCHAR(64) NOT NULL,"
    " key_id VARCHAR(64), action VARCHAR(64) NOT NULL, target VARCHAR(254) NOT NULL,"
    " outcome VARCHAR(16) NOT NULL, reason VARCHAR(512), value_before VARCHAR(2048),"
    " value_after VARCHAR(2048))",
    "CREATE INDEX audit_by_organization ON audit (organization_id, time_ms)",
});

// Ids of POSIX belong to an organization, roles and keys can end by themselves, the trail has an
// order, and the rest of the model has its tables.
constexpr auto version_2 = std::to_array<std::string_view>({
    "ALTER TABLE users ADD COLUMN login_changed_at BIGINT",
    "ALTER TABLE organizations ADD COLUMN billing_email VARCHAR(254)",
    "ALTER TABLE organizations ADD COLUMN first_id BIGINT NOT NULL DEFAULT 10000",
    "ALTER TABLE organizations ADD COLUMN last_id BIGINT NOT NULL DEFAULT 59999",
    "ALTER TABLE members ADD COLUMN granted_by VARCHAR(64)",
    "ALTER TABLE members ADD COLUMN until BIGINT",
    "ALTER TABLE members ADD COLUMN suspended_at BIGINT",
    "ALTER TABLE collaborators ADD COLUMN granted_by VARCHAR(64)",
    "ALTER TABLE collaborators ADD COLUMN until BIGINT",
    "ALTER TABLE projects ADD COLUMN group_name VARCHAR(32)",
    "ALTER TABLE projects ADD COLUMN deleted_at BIGINT",
    "CREATE INDEX projects_by_group ON projects (organization_id, group_name)",
    "CREATE INDEX projects_by_name ON projects (organization_id, name)",
    // What a personal token is for: one project's cluster and services, or, where there is none,
    // this API.
    "ALTER TABLE api_keys ADD COLUMN audience_id {id} REFERENCES projects (id)",
    "ALTER TABLE api_keys ADD COLUMN scopes VARCHAR(512)",
    "CREATE INDEX api_keys_by_user ON api_keys (user_id)",
    "CREATE INDEX api_keys_by_audience ON api_keys (audience_id)",
    // One space for uids and gids, since a user's own group has their uid for a gid. Rows stay:
    // no number is ever given to a second holder.
    "CREATE TABLE posix_ids (organization_id {id} NOT NULL REFERENCES organizations (id),"
    " number BIGINT NOT NULL,"
    " kind VARCHAR(16) NOT NULL CHECK (kind IN ('user', 'group', 'admin_group')),"
    " holder_id {id} NOT NULL, PRIMARY KEY (organization_id, number),"
    " UNIQUE (organization_id, kind, holder_id))",
    "CREATE TABLE reserved_logins (organization_id {id} NOT NULL REFERENCES organizations (id),"
    " login_key {id} NOT NULL, PRIMARY KEY (organization_id, login_key))",
    "CREATE TABLE ssh_keys (id {id} PRIMARY KEY, user_id {id} NOT NULL REFERENCES users (id),"
    " fingerprint {id} NOT NULL, public_key VARCHAR(8192) NOT NULL, name VARCHAR(128) NOT NULL,"
    " created_at BIGINT NOT NULL, UNIQUE (user_id, fingerprint))",
    // Into an organization, or, with a project, into that alone. For an address or for a login.
    "CREATE TABLE invitations (id {id} PRIMARY KEY,"
    " organization_id {id} NOT NULL REFERENCES organizations (id),"
    " project_id {id} REFERENCES projects (id), email VARCHAR(254), login VARCHAR(32),"
    " role VARCHAR(16) NOT NULL CHECK (role IN ('admin', 'member')),"
    " secret_hash VARCHAR(64) NOT NULL, created_by {id} NOT NULL REFERENCES users (id),"
    " created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, until BIGINT, used_at BIGINT,"
    " used_by {id} REFERENCES users (id), revoked_at BIGINT,"
    " CHECK ((email IS NULL) <> (login IS NULL)))",
    "CREATE INDEX invitations_by_organization ON invitations (organization_id)",
    // Answers to requests with an Idempotency-Key, without their secrets.
    "CREATE TABLE answered (key_id {id} NOT NULL, idempotency_key {id} NOT NULL,"
    " request_hash VARCHAR(64) NOT NULL, status BIGINT NOT NULL, body TEXT NOT NULL,"
    " answered_at BIGINT NOT NULL, PRIMARY KEY (key_id, idempotency_key))",
    "CREATE INDEX answered_by_time ON answered (answered_at)",
    // In the order of commits, without gaps; each row has the hash of the one before it.
    "CREATE TABLE trail (seq BIGINT PRIMARY KEY, time_ms BIGINT NOT NULL,"
    " request_id VARCHAR(64) NOT NULL, organization_id {id}, origin VARCHAR(16) NOT NULL,"
    " address VARCHAR(64), actor VARCHAR(64) NOT NULL, key_id VARCHAR(64),"
    " action VARCHAR(64) NOT NULL, target VARCHAR(254) NOT NULL, outcome VARCHAR(16) NOT NULL,"
    " reason VARCHAR(512), value_before TEXT, value_after TEXT, count BIGINT NOT NULL,"
    " hash VARCHAR(64) NOT NULL)",
    "CREATE INDEX trail_by_organization ON trail (organization_id, seq)",
    // One row: where the trail ends. The number is also what replicas compare to see that
    // something has changed.
    "CREATE TABLE trail_end (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash VARCHAR(64) NOT "
    "NULL)",
    // What was recorded before has no hash: how many rows that are is kept in meta.
    "INSERT INTO trail (seq, time_ms, request_id, organization_id, origin, actor, key_id, action,"
    " target, outcome, reason, value_before, value_after, count, hash)"
    " SELECT ROW_NUMBER() OVER (ORDER BY time_ms, id), time_ms, request_id, organization_id,"
    " CASE WHEN request_id LIKE 'cli_%' THEN 'cli' ELSE 'api' END, actor, key_id, action, target,"
    " outcome, reason, value_before, value_after, 1, '' FROM audit",
    "INSERT INTO trail_end (id, seq, hash) SELECT 1, COUNT(*), '' FROM trail",
    "INSERT INTO meta (name, value) SELECT 'trail_unchained', CAST(COUNT(*) AS VARCHAR(20))"
    " FROM trail",
    "DROP TABLE audit",
    // A uid was a user's everywhere: it is theirs in each organization that they are in.
    "INSERT INTO posix_ids (organization_id, number, kind, holder_id)"
    " SELECT m.organization_id, u.uid, 'user', u.id FROM users u"
    " JOIN members m ON m.user_id = u.id WHERE u.uid IS NOT NULL"
    " UNION SELECT p.organization_id, u.uid, 'user', u.id FROM users u"
    " JOIN collaborators c ON c.user_id = u.id JOIN projects p ON p.id = c.project_id"
    " WHERE u.uid IS NOT NULL",
    "UPDATE projects SET group_name = 'p-' || LOWER(SUBSTR(id, 6, 20))",
    "INSERT INTO posix_ids (organization_id, number, kind, holder_id)"
    " SELECT p.organization_id, t.top - 1 + k.step + 2 * ROW_NUMBER() OVER"
    " (PARTITION BY p.organization_id, k.kind ORDER BY p.id), k.kind, p.id FROM projects p"
    " JOIN (SELECT o.id, COALESCE((SELECT MAX(x.number) FROM posix_ids x"
    " WHERE x.organization_id = o.id AND x.number BETWEEN 10000 AND 59999), 9999) AS top"
    " FROM organizations o) t ON t.id = p.organization_id"
    " CROSS JOIN (SELECT 'group' AS kind, 0 AS step UNION ALL SELECT 'admin_group', 1) k"
    " WHERE t.top + 2 * (SELECT COUNT(*) FROM projects q WHERE q.organization_id ="
    " p.organization_id) <= 59999",
    // Where somebody has a number so high that these would not fit above it: those left out below.
    "INSERT INTO posix_ids (organization_id, number, kind, holder_id)"
    " WITH RECURSIVE every (number) AS (SELECT 10000 UNION ALL SELECT number + 1 FROM every"
    " WHERE number < 59999), wanted AS (SELECT p.organization_id, k.kind, p.id, ROW_NUMBER() OVER"
    " (PARTITION BY p.organization_id ORDER BY p.id, k.kind) AS place FROM projects p"
    " CROSS JOIN (SELECT 'group' AS kind UNION ALL SELECT 'admin_group') k WHERE NOT EXISTS"
    " (SELECT 1 FROM posix_ids i WHERE i.organization_id = p.organization_id"
    " AND i.holder_id = p.id)), free AS (SELECT o.organization_id, e.number, ROW_NUMBER() OVER"
    " (PARTITION BY o.organization_id ORDER BY e.number) AS place FROM"
    " (SELECT DISTINCT organization_id FROM wanted) o CROSS JOIN every e WHERE NOT EXISTS"
    " (SELECT 1 FROM posix_ids i WHERE i.organization_id = o.organization_id"
    " AND i.number = e.number)) SELECT w.organization_id, f.number, w.kind, w.id FROM wanted w"
    " JOIN free f ON f.organization_id = w.organization_id AND f.place = w.place",
    // A member could be put out of the Default Project, and whoever was put out of everything kept
    // their tokens.
    "UPDATE projects SET revision = revision + 1 WHERE EXISTS (SELECT 1 FROM organizations o"
    " JOIN members m ON m.organization_id = o.id WHERE o.default_project_id = projects.id"
    " AND NOT EXISTS (SELECT 1 FROM collaborators c WHERE c.project_id = projects.id"
    " AND c.user_id = m.user_id))",
    "INSERT INTO collaborators (project_id, user_id, role, created_at)"
    " SELECT o.default_project_id, m.user_id, 'member', m.created_at FROM members m"
    " JOIN organizations o ON o.id = m.organization_id WHERE NOT EXISTS (SELECT 1 FROM"
    " collaborators c WHERE c.project_id = o.default_project_id AND c.user_id = m.user_id)",
    "UPDATE api_keys SET revoked_at = COALESCE(last_used_at, created_at) WHERE kind = 'user'"
    " AND revoked_at IS NULL AND NOT EXISTS (SELECT 1 FROM members m"
    " WHERE m.user_id = api_keys.user_id) AND NOT EXISTS (SELECT 1 FROM collaborators c"
    " WHERE c.user_id = api_keys.user_id)",
    // The effective role of everybody who takes part in a project: the one definition of it. Who is
    // suspended has none. `until` is when it ends by itself; whoever reads this compares it with
    // the time.
    "CREATE VIEW effective_roles AS"
    " SELECT c.project_id, p.organization_id, c.user_id,"
    " CASE WHEN m.role = 'admin' THEN 'admin' ELSE c.role END AS role, c.role AS stored_role,"
    " CASE WHEN m.user_id IS NULL THEN 'external' WHEN m.role = 'admin' THEN 'organization_admin'"
    " ELSE 'project' END AS source,"
    " c.created_at AS since, c.granted_by,"
    " CASE WHEN m.until IS NULL OR c.until < m.until THEN c.until ELSE m.until END AS until"
    " FROM collaborators c JOIN projects p ON p.id = c.project_id"
    " LEFT JOIN members m ON m.organization_id = p.organization_id AND m.user_id = c.user_id"
    " WHERE m.suspended_at IS NULL AND p.deleted_at IS NULL",
});

constexpr auto version_3 = std::to_array<std::string_view>({
    // Of those who left a project before the end that they had there.
    "CREATE TABLE kept_ends (project_id {id} NOT NULL REFERENCES projects (id),"
    " user_id {id} NOT NULL REFERENCES users (id), until BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, user_id))",
    // Invitations did not end with the role that they were made with, and would come back with it.
    "UPDATE invitations SET revoked_at = created_at WHERE used_at IS NULL AND revoked_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM effective_roles r WHERE r.role = 'admin'"
    " AND r.project_id = invitations.project_id AND r.user_id = invitations.created_by)"
    " AND NOT EXISTS (SELECT 1 FROM members m WHERE m.role = 'admin' AND m.suspended_at IS NULL"
    " AND invitations.project_id IS NULL AND m.organization_id = invitations.organization_id"
    " AND m.user_id = invitations.created_by)",
});

// What nodes say of themselves. No foreign keys: it is no part of the model, and one row must not
// keep the others out.
constexpr auto version_4 = std::to_array<std::string_view>({
    "CREATE TABLE nodes (project_id {id} NOT NULL, name {id} NOT NULL,"
    " version VARCHAR(64) NOT NULL, mode VARCHAR(16) NOT NULL, key_id {id} NOT NULL,"
    " revision BIGINT, last_seen_ms BIGINT NOT NULL, seq BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, name))",
    // The number of the write that it came with: replicas read what is new to them.
    "CREATE INDEX nodes_by_seq ON nodes (seq)",
});

// Who had access when. Kept from now on: of before, only what is left is known. No foreign keys, as
// of the trail: it outlives what it tells of.
constexpr auto version_5 = std::to_array<std::string_view>({
    "CREATE TABLE access_periods (project_id {id} NOT NULL, user_id {id} NOT NULL,"
    " began_at BIGINT NOT NULL, role VARCHAR(16) NOT NULL, source VARCHAR(32) NOT NULL,"
    " granted_by VARCHAR(64), until BIGINT, ended_at BIGINT, ended_by VARCHAR(64),"
    " PRIMARY KEY (project_id, user_id, began_at))",
    "INSERT INTO access_periods (project_id, user_id, began_at, role, source, granted_by, until)"
    " SELECT project_id, user_id, since, role, source, granted_by, until FROM effective_roles",
    "INSERT INTO meta (name, value) SELECT 'access_known_since',"
    " CAST(COALESCE(MAX(time_ms), 0) / 1000 + 1 AS VARCHAR(20)) FROM trail",
});

// When and where nodes let somebody in last. No foreign keys either.
constexpr auto version_6 = std::to_array<std::string_view>({
    "CREATE TABLE last_seen (project_id {id} NOT NULL, user_id {id} NOT NULL,"
    " door VARCHAR(32) NOT NULL, node {id}, seen_at BIGINT NOT NULL,"
    " PRIMARY KEY (project_id, user_id))",
    "CREATE INDEX last_seen_by_user ON last_seen (user_id)",
});

// Of the roster that the change brought about: a repeated answer names it too.
constexpr auto version_7 = std::to_array<std::string_view>({
    "ALTER TABLE answered ADD COLUMN revision BIGINT",
});

// Where what the change made is, and its ETag, which a repeated answer names too.
constexpr auto version_8 = std::to_array<std::string_view>({
    "ALTER TABLE answered ADD COLUMN location VARCHAR(254)",
    "ALTER TABLE answered ADD COLUMN etag VARCHAR(64)",
    // The addresses that are to be forgotten once nobody can accept them any more.
    "CREATE INDEX invitations_with_address ON invitations (expires_at) WHERE email <> ''",
});

constexpr auto steps = std::to_array<SchemaStep>({
    {1, 1, version_1},
    {2, 2, version_2},
    {3, 2, version_3},
    {4, 2, version_4},
    {5, 5, version_5},
    {6, 5, version_6},
    {7, 5, version_7},
    {8, 5, version_8},
});

}  // namespace

std::span<const SchemaStep> schema_steps() {
    return steps;
}

}  // namespace together::roled
