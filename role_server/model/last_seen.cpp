// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/last_seen.h"

#include "role_server/messages/json.h"
#include "role_server/store/json_rows.h"

namespace together::roled {
namespace {

constexpr std::int64_t written_within = 2'000;

Json::Value json_of(const SeenPerson& person) {
    Json::Value one(Json::arrayValue);
    for (const auto& text : {person.project_id, person.user_id, person.last.door}) one.append(text);
    one.append(json_or_null(person.last.node));
    one.append(json_number(person.last.seen_at));
    return one;
}

}  // namespace

void SeenPeople::add(SeenPerson person, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (pending_.empty()) first_pending_ = now_ms;
    auto& known = pending_[{std::move(person.project_id), std::move(person.user_id)}];
    if (person.last.seen_at > known.seen_at) known = std::move(person.last);
}

// A time that is yet to come was noted before the clock was set back.
std::vector<SeenPerson> SeenPeople::take(std::int64_t now_ms, bool all) {
    const std::lock_guard lock(mutex_);
    const bool waits = now_ms >= first_pending_ && now_ms - first_pending_ < written_within;
    std::vector<SeenPerson> people;
    if (waits && !all) return people;
    for (auto& [whose, last] : std::exchange(pending_, {}))
        people.push_back({whose.first, whose.second, std::move(last)});
    return people;
}

void write_last_seen(Store& store, const std::vector<SeenPerson>& people) {
    if (people.empty()) return;
    Json::Value list(Json::arrayValue);
    for (const auto& person : people) list.append(json_of(person));
    const auto text = to_text(list);
    const auto rows = select_json_rows(
        store.kind(), {{"project_id"}, {"user_id"}, {"door"}, {"node"}, {"seen_at", true}});
    store.run(
        "INSERT INTO last_seen (project_id, user_id, door, node, seen_at)"
        " SELECT s.project_id, s.user_id, s.door, s.node, s.seen_at FROM (" +
            rows +
            ") s WHERE EXISTS (SELECT 1 FROM effective_roles e WHERE e.project_id = s.project_id"
            " AND e.user_id = s.user_id) ON CONFLICT (project_id, user_id) DO UPDATE"
            " SET door = excluded.door, node = excluded.node, seen_at = excluded.seen_at"
            " WHERE excluded.seen_at > last_seen.seen_at",
        soci::use(text));
}

}  // namespace together::roled
