// SPDX-License-Identifier: Apache-2.0
// POST /v1/projects/{proj}/last_seen: a node tells whom it let in, for the review of who has
// access. Who does not take part in the project is left out without a word.
#include "role_server/model/last_seen.h"

#include <algorithm>
#include <cstdint>

#include "common/roles/identifiers.h"
#include "role_server/api/body.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/nodes.h"
#include "role_server/model/project_roster.h"

namespace together::roled {
namespace {

constexpr Json::ArrayIndex max_people = 200;
constexpr std::size_t max_door = 32;
constexpr std::int64_t year_9999 = 253'402'300'799;

bool is_door(const std::string& text) {
    return text.size() <= max_door && is_node_name(text);
}

// A clock that is ahead would keep everything later away.
Outcome<SeenPerson> person_in(const Json::Value& value, std::int64_t now) {
    Body body(value, {"user_id", "door", "seen_at"});
    body.require("seen_at");
    SeenPerson person;
    person.user_id = body.required_text("user_id");
    person.last.door = body.required_text("door");
    const auto seen_at = body.number("seen_at").value_or(0);
    if (!is_door(person.last.door))
        body.refuse(bad_request("invalid_door",
                                "A door is 1 to 32 letters, digits, '.', '_' and '-'.", "door"));
    if (seen_at <= 0 || seen_at > year_9999)
        body.refuse(bad_request("invalid_time", "'seen_at' is in seconds since 1970.", "seen_at"));
    if (body.is_wrong()) return body.refusal();
    person.last.seen_at = std::min(seen_at, now);
    return person;
}

Outcome<std::vector<SeenPerson>> people_in(const RequestContext& context) {
    Body body(context.request, {"data"});
    body.require("data");
    const auto* const list = body.part("data");
    if (body.is_wrong()) return body.refusal();
    if (!list->isArray() || list->empty() || list->size() > max_people)
        return bad_request("invalid_type", "'data' must be a list of 1 to 200.", "data");
    std::vector<SeenPerson> people;
    for (const auto& one : *list) {
        auto person = person_in(one, context.now);
        if (!person) return tl::unexpected(person.error());
        people.push_back(*std::move(person));
    }
    return people;
}

}  // namespace

Outcome<Response> report_last_seen(RequestContext& context) {
    auto people = people_in(context);
    if (!people) return tl::unexpected(people.error());
    const auto& project_id = context.ids.project;
    const auto version = version_of(context.store, project_id);
    if (!version) return not_found("project");
    const auto roster =
        context.rosters.get(context.store, project_id, RosterKind::roles, *version, context.now);
    const auto report = read_node_report(header(context.request, "together-node").value_or(""));
    const auto now_ms = now_milliseconds();
    for (auto& person : *people) {
        if (!roster->has(person.user_id)) continue;
        person.project_id = project_id;
        if (report) person.last.node = report->name;
        context.seen.add(std::move(person), now_ms);
    }
    return no_content();
}

}  // namespace together::roled
