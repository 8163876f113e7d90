// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/reviewed_people.h"

namespace together::roled {
namespace {

// `what` of a person's tokens that reach the project.
std::string of_tokens(const std::string& what, const std::string& now) {
    return "(SELECT " + what +
           " FROM api_keys k WHERE k.user_id = r.user_id AND k.revoked_at IS NULL"
           " AND (k.expires_at IS NULL OR k.expires_at > :" +
           now + ") AND (k.audience_id IS NULL OR k.audience_id = r.project_id))";
}

const std::string select_page =
    "SELECT r.user_id, u.login, i.number, r.role, r.stored_role, r.source, r.since, r.granted_by,"
    " r.until, u.email, u.name, s.seen_at, s.door, s.node, " +
    of_tokens("COUNT(*)", "now1") + ", " + of_tokens("MAX(k.last_used_at)", "now2") +
    " FROM effective_roles r JOIN users u ON u.id = r.user_id"
    " LEFT JOIN posix_ids i ON i.organization_id = r.organization_id AND i.kind = 'user'"
    " AND i.holder_id = r.user_id"
    " LEFT JOIN last_seen s ON s.project_id = r.project_id AND s.user_id = r.user_id"
    " WHERE r.project_id = :project AND r.user_id > :after"
    " AND (r.until IS NULL OR r.until > :now3) ORDER BY r.user_id LIMIT :most";

}  // namespace

void for_each_reviewed(Store& store, const std::string& project_id, std::int64_t now,
                       const std::string& after, std::size_t limit,
                       const std::function<void(const ReviewedPerson&)>& visit) {
    const Number time = now, most = static_cast<Number>(limit);
    ReviewedPerson row;
    auto& person = row.collaborator;
    CollaboratorColumns columns;
    Number tokens = 0;
    std::optional<Number> used, seen_at;
    std::optional<std::string> door, node;
    store.each(
        select_page,
        [&] {
            columns.put_into(person);
            row.tokens = tokens;
            row.last_used_at = used;
            row.last_seen.reset();
            if (seen_at) row.last_seen = LastSeen{*seen_at, door.value_or(""), node};
            visit(row);
        },
        soci::into(person.user_id), soci::into(person.login), soci::into(columns.uid),
        soci::into(columns.role), soci::into(columns.stored_role), soci::into(columns.source),
        soci::into(columns.since), soci::into(person.granted_by), soci::into(columns.until),
        soci::into(row.email), soci::into(row.name), soci::into(seen_at), soci::into(door),
        soci::into(node), soci::into(tokens), soci::into(used), soci::use(time), soci::use(time),
        soci::use(project_id), soci::use(after), soci::use(time), soci::use(most));
}

}  // namespace together::roled
