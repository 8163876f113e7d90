// SPDX-License-Identifier: Apache-2.0
// What the server's model says, beside what the naive one says.
#include <algorithm>
#include <cstdint>

#include "role_server/access/role_lookup.h"
#include "role_server/model/audit.h"
#include "role_server/model/projects.h"
#include "tests/model/player.h"

namespace together::model {
namespace {

using naive::Id;
using Verdict = roled::Authorization::Verdict;

naive::Verdict in_naive_words(Verdict verdict) {
    switch (verdict) {
        case Verdict::allowed:
            return naive::Verdict::allowed;
        case Verdict::name_only:
            return naive::Verdict::name_only;
        case Verdict::denied:
            return naive::Verdict::denied;
        case Verdict::hidden:
            break;
    }
    return naive::Verdict::hidden;
}

// All rows of a query of three texts, as one text.
std::string rows(roled::Store& store, const std::string& query) {
    std::string a, b, c, text;
    store.each(
        query, [&] { text += a + ' ' + b + ' ' + c + '\n'; }, soci::into(a), soci::into(b),
        soci::into(c));
    return text;
}

std::string text_of(naive::End end) {
    return end ? std::to_string(*end) : "-";
}

std::string differ(const std::string& what, const std::string& is, const std::string& expected) {
    return is == expected ? "" : what + " is\n" + is + "\nexpected is\n" + expected;
}

}  // namespace

std::string Player::compare() {
    for (const auto& broken : naive_.broken_invariants()) return "broken: " + broken;
    for (const auto check : {&Player::compare_answers, &Player::compare_rosters,
                             &Player::compare_rows, &Player::compare_trail})
        if (auto wrong = (this->*check)(); !wrong.empty()) return wrong;
    return {};
}

// Everybody, everywhere, everything.
std::string Player::compare_answers() {
    const roled::Transaction snapshot(store_, roled::Transaction::Mode::read);
    for (const auto& project : projects_) {
        const auto& organization = naive_.projects.at(project).organization;
        for (const auto& user : users_) {
            const auto standing =
                roled::standing_of(store_, organization, project, user, naive_.now);
            for (const auto& row : permissions()) {
                const std::string action(row.name);
                const auto says =
                    in_naive_words(roled::allowed_person(row.action, standing).verdict);
                const auto expected = naive_.may(user, organization, project, action);
                if (says != expected)
                    return user + " " + action + " in " + project + ": the server says " +
                           std::to_string(static_cast<int>(says)) + ", expected is " +
                           std::to_string(static_cast<int>(expected));
            }
        }
    }
    return {};
}

// Through the cache, as nodes get it: a roster that changed without its revision is stale there.
std::string Player::compare_rosters() {
    const roled::Transaction snapshot(store_, roled::Transaction::Mode::read);
    for (const auto& id : projects_) {
        const auto& project = naive_.projects.at(id);
        const auto version = roled::version_of(store_, id);
        if (!version) return id + " is gone";
        if (version->revision != project.revision)
            return id + " has revision " + std::to_string(version->revision) + ", expected is " +
                   std::to_string(project.revision);
        const auto roster =
            cache_.get(store_, id, roled::RosterKind::accounts, *version, naive_.now);
        const auto page = *roster->page("", 1000);
        const auto data = page.find(R"("data":[)");
        const auto group = R"("group":{"name":")" + project.group + '"';
        if (page.find(group) == std::string::npos) return id + " is not of group " + project.group;
        if (auto wrong = differ("roster of " + id, page.substr(data),
                                R"("data":[)" + naive_.roster(id) + "]}");
            !wrong.empty())
            return wrong;
    }
    return {};
}

std::string Player::compare_rows() {
    std::string members, numbers, collaborators, keys, invitations;
    for (const auto& [id, one] : naive_.organizations) {
        for (const auto& [user, member] : one.members)
            members += id + ' ' + user + (member.admin ? " admin " : " member ") +
                       (member.suspended ? "suspended " : "") + text_of(member.until) + '\n';
        for (const auto& [number, holder] : one.numbers)
            numbers += id + ' ' + std::to_string(number) + ' ' + holder + '\n';
    }
    for (const auto& [id, one] : naive_.projects)
        for (const auto& [user, row] : one.people)
            collaborators +=
                id + ' ' + user + (row.admin ? " admin " : " member ") + text_of(row.until) + '\n';
    for (const auto& [id, one] : naive_.keys)
        keys += id + ' ' + one.user + one.project + ' ' + one.audience + '\n';
    for (const auto& [id, one] : naive_.invitations)
        invitations += id + ' ' + one.organization + ' ' + one.project + '\n';
    const std::string end = "COALESCE(CAST(until AS VARCHAR(20)), '-')";
    const std::array checks{
        std::tuple(
            "members",
            "SELECT organization_id, user_id, role || CASE WHEN suspended_at IS NULL THEN ' '"
            " ELSE ' suspended ' END || " +
                end + " FROM members ORDER BY 1, 2",
            members),
        std::tuple(
            "numbers",
            std::string("SELECT organization_id, CAST(number AS VARCHAR(20)), kind || ' ' ||"
                        " holder_id FROM posix_ids ORDER BY organization_id, posix_ids.number"),
            numbers),
        std::tuple("collaborators",
                   "SELECT project_id, user_id, role || ' ' || " + end +
                       " FROM collaborators ORDER BY 1, 2",
                   collaborators),
        std::tuple("keys",
                   std::string("SELECT id, COALESCE(user_id, project_id), COALESCE(audience_id, '')"
                               " FROM api_keys WHERE revoked_at IS NULL ORDER BY 1"),
                   keys),
        std::tuple(
            "invitations",
            std::string("SELECT id, organization_id, COALESCE(project_id, '') FROM invitations"
                        " WHERE used_at IS NULL AND revoked_at IS NULL ORDER BY 1"),
            invitations)};
    for (const auto& [what, query, expected] : checks)
        if (auto wrong = differ(what, rows(store_, query), expected); !wrong.empty()) return wrong;
    return {};
}

// One record a change and one for each consequence of its own, without gaps.
std::string Player::compare_trail() {
    const auto newest = roled::newest_record(store_);
    if (newest != naive_.records)
        return "the trail ends at " + std::to_string(newest) + ", expected is " +
               std::to_string(naive_.records);
    std::int64_t next = serial_ + 1;
    std::string wrong;
    roled::for_each_record(store_, {}, serial_, 1000, [&](const roled::StoredRecord& record) {
        if (record.seq != next++) wrong = "record " + std::to_string(next - 1) + " is missing";
    });
    serial_ = next - 1;
    if (wrong.empty() && serial_ != newest) wrong = "the newest records are missing";
    return wrong;
}

std::string Player::check_trail() {
    const auto verified = roled::verify_trail(store_);
    if (!verified) return "the trail: " + verified.error().message;
    return *verified == naive_.records ? "" : "the trail is too short";
}

}  // namespace together::model
