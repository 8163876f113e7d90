// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/invariants.h"

#include <array>
#include <string_view>

#include "common/roles/identifiers.h"

namespace together::roled {
namespace {

struct Invariant {
    std::string_view what;
    std::string_view query;  // the ids of what breaks it
    std::string_view sentence;
};

constexpr auto invariants = std::to_array<Invariant>({
    {"owner",
     "SELECT o.id FROM organizations o LEFT JOIN members m ON m.organization_id = o.id"
     " AND m.user_id = o.owner_id JOIN users u ON u.id = o.owner_id WHERE m.user_id IS NULL"
     " OR m.role <> 'admin' OR m.suspended_at IS NOT NULL OR m.until IS NOT NULL"
     " OR u.deleted_at IS NOT NULL",
     "the Owner is no member, or no Admin, or suspended, or not for ever"},
    // One whose role has ended counts until it is removed; then the Owner follows.
    {"project admin",
     "SELECT p.id FROM projects p WHERE p.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM"
     " effective_roles r WHERE r.project_id = p.id AND r.role = 'admin')",
     "the project has no Admin"},
    {"revision", "SELECT id FROM projects WHERE revision < 1", "the roster has no revision"},
    {"default project",
     "SELECT o.id FROM organizations o LEFT JOIN projects p ON p.id = o.default_project_id"
     " WHERE p.id IS NULL OR p.organization_id <> o.id OR p.deleted_at IS NOT NULL",
     "the organization has no Default Project"},
    {"default project",
     "SELECT m.user_id FROM members m JOIN organizations o ON o.id = m.organization_id"
     " WHERE NOT EXISTS (SELECT 1 FROM collaborators c WHERE c.project_id = o.default_project_id"
     " AND c.user_id = m.user_id)",
     "the member is not in the Default Project"},
    {"ids",
     "SELECT p.id FROM projects p WHERE (SELECT COUNT(*) FROM posix_ids i WHERE i.organization_id"
     " = p.organization_id AND i.holder_id = p.id AND i.kind IN ('group', 'admin_group')) <> 2",
     "the project has not two gids of its organization"},
    {"ids",
     "SELECT organization_id FROM posix_ids GROUP BY organization_id, number HAVING COUNT(*) > 1",
     "a number is given twice"},
    {"login",
     "SELECT u.id FROM users u LEFT JOIN logins l ON l.login_key = LOWER(u.login)"
     " WHERE u.login IS NOT NULL AND (l.user_id IS NULL OR l.user_id <> u.id)",
     "the user's login is not kept for them"},
    {"collaborators",
     "SELECT c.project_id FROM collaborators c JOIN projects p ON p.id = c.project_id"
     " WHERE p.deleted_at IS NOT NULL",
     "a deleted project has collaborators"},
    {"access history",
     "SELECT r.user_id FROM effective_roles r LEFT JOIN access_periods a ON a.project_id ="
     " r.project_id AND a.user_id = r.user_id AND a.ended_at IS NULL WHERE a.role IS NULL"
     " OR a.role <> r.role OR a.source <> r.source OR COALESCE(a.until, 0) <> COALESCE(r.until, 0)",
     "the access history does not have their role"},
    {"access history",
     "SELECT a.user_id FROM access_periods a LEFT JOIN effective_roles r ON r.project_id ="
     " a.project_id AND r.user_id = a.user_id WHERE a.ended_at IS NULL AND r.role IS NULL",
     "the access history has a role of theirs that has ended"},
});

// Whose keys open something though they are nowhere.
constexpr std::string_view strangers_keys =
    "SELECT k.id FROM api_keys k WHERE k.kind = 'user' AND k.revoked_at IS NULL"
    " AND (k.expires_at IS NULL OR k.expires_at > :now)"
    " AND NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id = k.user_id)"
    " AND NOT EXISTS (SELECT 1 FROM collaborators c WHERE c.user_id = k.user_id)";

void check_logins(Store& store, std::vector<Broken>& broken) {
    std::string id, login;
    store.each(
        "SELECT id, login FROM users WHERE login IS NOT NULL ORDER BY id",
        [&] {
            if (!is_login(login)) broken.push_back({"login", id, "'" + login + "' is no login"});
        },
        soci::into(id), soci::into(login));
}

}  // namespace

std::vector<Broken> broken_invariants(Store& store, std::int64_t now) {
    std::vector<Broken> broken;
    std::string id;
    for (const auto& [what, query, sentence] : invariants)
        store.each(
            std::string(query),
            [&, what = what, sentence = sentence] {
                broken.push_back({std::string(what), id, std::string(sentence)});
            },
            soci::into(id));
    check_logins(store, broken);
    const Number time = now;
    store.each(
        std::string(strangers_keys),
        [&] {
            broken.push_back({"token", id, "somebody who is in no organization has this token"});
        },
        soci::into(id), soci::use(time));
    return broken;
}

}  // namespace together::roled
