// SPDX-License-Identifier: Apache-2.0
// GET /v1/projects/{proj}/nodes: which nodes have a revision of the roster, and which not yet. The
// receipt of a change.

#include <cstdint>

#include "common/system/parse_number.h"
#include "role_server/api/preconditions.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/known_nodes.h"
#include "role_server/model/project_roster.h"

namespace together::roled {
namespace {

Outcome<std::int64_t> wanted_revision(const RequestContext& context, const Version& version) {
    const auto value = parameter(context.uri, "revision");
    if (!value) return version.revision;
    const auto revision = parse_number<std::int64_t>(*value);
    if (!revision || *revision < 0)
        return bad_request("invalid_revision", "'revision' is a revision of the roster.",
                           "revision");
    return *revision;
}

Json::Value to_json(const NodeRow& row) {
    Json::Value value;
    value["object"] = "project.node";
    value["name"] = row.name;
    value["version"] = row.node.version;
    value["mode"] = row.node.mode;
    value["revision"] = json_or_null(row.node.revision);
    value["last_seen"] = json_number(row.node.last_seen / 1000);
    return value;
}

Response to_answer(const RequestContext& context, const NodesPage& nodes, std::int64_t revision) {
    Json::Value data(Json::arrayValue);
    std::optional<std::string> next;
    for (const auto& row : nodes.rows) {
        if (data.size() == context.page.limit) {
            next = Nodes::cursor_of(nodes.rows[context.page.limit - 1], revision);
            break;
        }
        data.append(to_json(row));
    }
    auto list = list_of(std::move(data), next);
    list["revision"] = json_number(revision);
    list["confirmed"] = json_number(static_cast<std::int64_t>(nodes.confirmed));
    list["waiting"] = json_number(static_cast<std::int64_t>(nodes.waiting));
    return json_response(200, list);
}

Response unchanged() {
    Response response;
    response.status = 304;
    return response;
}

}  // namespace

// Held until more have confirmed. Not where all have, nor where the client has seen another state
// than this one, as its If-None-Match says.
Outcome<Response> list_nodes(RequestContext& context) {
    const auto version = version_of(context.store, context.ids.project);
    if (!version) return not_found("project");
    const auto revision = wanted_revision(context, *version);
    if (!revision) return tl::unexpected(revision.error());
    if (!context.page.after.empty() && !Nodes::is_cursor(context.page.after))
        return bad_request("invalid_cursor", "'after' is no cursor of this list.", "after");
    const auto now = now_milliseconds();
    context.nodes.read_new(context.store, now);
    const auto nodes =
        context.nodes.in_memory().page(context.ids.project, *revision, context.page, now);
    const auto etag = '"' + std::to_string(*revision) + '-' + std::to_string(nodes.confirmed) +
                      '-' + std::to_string(nodes.waiting) + '"';
    const bool is_known = if_none_match_names(context.request, etag);
    const bool waits_from_here = is_known || !header(context.request, "if-none-match");
    const auto wait = preferred_wait(context.request);
    auto response = is_known ? unchanged() : to_answer(context, nodes, *revision);
    response.headers.emplace_back("ETag", etag);
    if (wait.count() == 0) return response;
    if (context.phase == Phase::may_long_poll && nodes.waiting > 0 && waits_from_here)
        response.long_poll = LongPoll{context.ids.project, nodes.progress, wait, true};
    response.headers.emplace_back("Preference-Applied", "wait=" + std::to_string(wait.count()));
    return response;
}

}  // namespace together::roled
