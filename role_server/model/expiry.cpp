// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/expiry.h"

#include <string>
#include <utility>
#include <vector>

#include "role_server/base/crypto.h"
#include "role_server/messages/json.h"
#include "role_server/model/change.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"
#include "role_server/model/projects.h"

namespace together::roled {
namespace {

constexpr std::int64_t answers_kept = std::int64_t{24} * 3600;

// Nobody can accept these any more, so nobody has to know for whom they were; the trail says it.
constexpr const char* closed_with_address =
    " WHERE email <> ''"
    " AND (used_at IS NOT NULL OR revoked_at IS NOT NULL OR expires_at <= :closed)";

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs over_in(Store& store, const std::string& table, const std::string& column, std::int64_t now) {
    const Number time = now;
    std::string where, user_id;
    Pairs found;
    store.each(
        "SELECT " + column + ", user_id FROM " + table + " WHERE until <= :now",
        [&] { found.emplace_back(where, user_id); }, soci::into(where), soci::into(user_id),
        soci::use(time));
    return found;
}

Json::Value was_over(std::optional<std::int64_t> until) {
    Json::Value value;
    if (until) value["until"] = json_number(*until);
    return value;
}

void end_memberships(Change& change) {
    for (const auto& [organization_id, user_id] :
         over_in(change.store(), "members", "organization_id", change.now())) {
        const auto organization = find_organization(change.store(), organization_id);
        if (!organization) continue;
        const auto member = find_member(change.store(), *organization, user_id);
        if (!member || !remove_member(change, *organization, *member)) continue;
        change.record(organization_id + "/" + user_id, was_over(member->until), {},
                      {organization_id});
    }
}

void end_collaborations(Change& change) {
    auto& store = change.store();
    for (const auto& [project_id, user_id] :
         over_in(store, "collaborators", "project_id", change.now())) {
        const auto one = find_collaborator(store, project_id, user_id);
        delete_collaborator(change, project_id, user_id);
        revoke_keys_of_nobody(change, user_id);
        change.record(project_id + "/" + user_id, was_over(one ? one->until : change.now()), {},
                      {organization_of_project(store, project_id)});
    }
}

}  // namespace

bool anything_is_over(Store& store, std::int64_t now) {
    const Number time = now;
    const Number answered = now - answers_kept;
    Number count = 0;
    store.run(
        "SELECT (SELECT COUNT(*) FROM members WHERE until <= :now1)"
        " + (SELECT COUNT(*) FROM collaborators WHERE until <= :now2)"
        " + (SELECT COUNT(*) FROM answered WHERE answered_at <= :answered)"
        " + (SELECT COUNT(*) FROM invitations" +
            std::string(closed_with_address) + ")",
        soci::into(count), soci::use(time), soci::use(time), soci::use(answered), soci::use(time));
    return count > 0;
}

std::size_t remove_what_is_over(Store& store, std::int64_t now) {
    Author author;
    author.origin = Origin::system;
    author.request_id = "sys_" + random_base62(16);
    author.actor = "system";
    Change change(store, author, "until", now);
    end_memberships(change);
    end_collaborations(change);
    const Number answered = now - answers_kept;
    const Number time = now;
    store.run("DELETE FROM kept_ends WHERE until <= :now", soci::use(time));
    store.run("DELETE FROM answered WHERE answered_at <= :answered", soci::use(answered));
    // For good: by a clock that is behind, or set back, it would be open and for nobody.
    store.run(
        "UPDATE invitations SET email = '', revoked_at = CASE WHEN used_at IS NULL"
        " THEN COALESCE(revoked_at, expires_at) ELSE revoked_at END" +
            std::string(closed_with_address),
        soci::use(time));
    if (!change.settle()) return 0;
    const auto rosters = change.consequences().rosters.size();
    change.commit();
    return rosters;
}

}  // namespace together::roled
