// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/posix_ids.h"

#include <algorithm>

#include "role_server/model/organizations.h"

namespace together::roled {
namespace {

// Nodes refuse the accounts of the system, and these mean "nobody" to kernels and to Slurm.
constexpr std::int64_t lowest = 1'000;
constexpr std::int64_t highest = 0xfffffffd;
constexpr bool means_nobody(std::int64_t number) {
    return number == 65534 || number == 65535;
}

std::string word_for(IdKind kind) {
    switch (kind) {
        case IdKind::user:
            return "user";
        case IdKind::group:
            return "group";
        case IdKind::admin_group:
            return "admin_group";
    }
    return "";
}

IdRange range_of(Store& store, const std::string& organization_id) {
    Number first = 0, last = 0;
    store.run("SELECT first_id, last_id FROM organizations WHERE id = :id", soci::into(first),
              soci::into(last), soci::use(organization_id));
    return {first, last};
}

bool is_taken(Store& store, const std::string& organization_id, std::int64_t number) {
    const Number wanted = number;
    std::string holder;
    return store.run(
        "SELECT holder_id FROM posix_ids WHERE organization_id = :organization"
        " AND number = :number",
        soci::into(holder), soci::use(organization_id), soci::use(wanted));
}

void give(Store& store, const std::string& organization_id, std::int64_t number, IdKind kind,
          const std::string& holder_id) {
    const Number value = number;
    const auto word = word_for(kind);
    store.run(
        "INSERT INTO posix_ids (organization_id, number, kind, holder_id)"
        " VALUES (:organization, :number, :kind, :holder)",
        soci::use(organization_id), soci::use(value), soci::use(word), soci::use(holder_id));
}

// Above all that were given, so that numbers are given in the order of time; where somebody set the
// highest, the lowest that was left out.
std::optional<std::int64_t> next_free(Store& store, const std::string& organization_id,
                                      const IdRange& range) {
    const Number first = range.first, last = range.last;
    Number top = 0;
    store.run(
        "SELECT COALESCE(MAX(number), 0) FROM posix_ids WHERE organization_id = :organization"
        " AND number BETWEEN :first AND :last",
        soci::into(top), soci::use(organization_id), soci::use(first), soci::use(last));
    for (auto next = std::max(top + 1, first); next <= last; ++next)
        if (!means_nobody(next)) return next;
    std::optional<std::int64_t> gap;
    auto expected = range.first;
    Number number = 0;
    store.each(
        "SELECT number FROM posix_ids WHERE organization_id = :organization"
        " AND number BETWEEN :first AND :last ORDER BY number",
        [&] {
            while (!gap && expected < number)
                if (!means_nobody(expected++)) gap = expected - 1;
            expected = number + 1;
        },
        soci::into(number), soci::use(organization_id), soci::use(first), soci::use(last));
    return gap;
}

}  // namespace

Outcome<IdRange> checked_id_range(const IdRange& range) {
    if (range.first < lowest || range.last > highest || range.first > range.last)
        return bad_request("invalid_id_range",
                           "A range of ids lies within 1000 and 4294967293, its first not above "
                           "its last.",
                           "first_id");
    return range;
}

std::optional<std::int64_t> posix_id(Store& store, const std::string& organization_id, IdKind kind,
                                     const std::string& holder_id) {
    const auto word = word_for(kind);
    Number number = 0;
    if (!store.run("SELECT number FROM posix_ids WHERE organization_id = :organization"
                   " AND kind = :kind AND holder_id = :holder",
                   soci::into(number), soci::use(organization_id), soci::use(word),
                   soci::use(holder_id)))
        return std::nullopt;
    return number;
}

Outcome<std::int64_t> allocate_posix_id(Store& store, const std::string& organization_id,
                                        IdKind kind, const std::string& holder_id) {
    if (const auto has = posix_id(store, organization_id, kind, holder_id)) return *has;
    const auto range = range_of(store, organization_id);
    const auto number = next_free(store, organization_id, range);
    if (!number)
        return conflict("ids_exhausted",
                        "All ids from " + std::to_string(range.first) + " to " +
                            std::to_string(range.last) +
                            " are given; an Admin of the organization can widen the range "
                            "(first_id, last_id), on its nodes too.");
    give(store, organization_id, *number, kind, holder_id);
    return *number;
}

Outcome<void> require_room_for_external(Store& store, const Organization& organization) {
    const Number first = organization.ids.first, last = organization.ids.last;
    const auto most = (last - first + 1) / 2;
    Number taken = 0;
    store.run(
        "SELECT COUNT(*) FROM posix_ids i WHERE i.organization_id = :organization"
        " AND i.kind = 'user' AND i.number BETWEEN :first AND :last AND NOT EXISTS"
        " (SELECT 1 FROM members m WHERE m.organization_id = i.organization_id"
        " AND m.user_id = i.holder_id)",
        soci::into(taken), soci::use(organization.id), soci::use(first), soci::use(last));
    if (taken < most) return {};
    return conflict(
        "external_ids_exhausted",
        "External collaborators have had " + std::to_string(most) + " uids, half of those from " +
            std::to_string(first) + " to " + std::to_string(last) +
            "; an Admin of the organization can widen the range (first_id, last_id), on "
            "its nodes too.");
}

Outcome<void> set_uid(Change& change, const Organization& organization, const std::string& user_id,
                      std::int64_t uid) {
    auto& store = change.store();
    const auto has = posix_id(store, organization.id, IdKind::user, user_id);
    if (has == uid) return {};
    if (auto may = require_not_the_owners(change, organization, user_id, "uid"); !may) return may;
    if (has)
        return conflict(
            "uid_already_set",
            "The user has uid " + std::to_string(*has) + ", and a set uid does not change.", "uid");
    const auto range = organization.ids;
    if (uid < range.first || uid > range.last || means_nobody(uid))
        return bad_request("invalid_uid",
                           "A uid of this organization is a number from " +
                               std::to_string(range.first) + " to " + std::to_string(range.last) +
                               ", and neither 65534 nor 65535.",
                           "uid");
    if (is_taken(store, organization.id, uid))
        return conflict("uid_taken", "This uid is or was somebody else's, or a group's.", "uid");
    give(store, organization.id, uid, IdKind::user, user_id);
    change.rosters_with(user_id, organization.id);
    return {};
}

}  // namespace together::roled
