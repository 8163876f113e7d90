// SPDX-License-Identifier: Apache-2.0
// GET /v1/projects/{proj}/collaborators: the request that every node makes.

#include <cstdint>

#include "common/system/parse_number.h"
#include "http_server/gzip.h"
#include "role_server/api/preconditions.h"
#include "role_server/api/resources.h"
#include "role_server/model/project_roster.h"

namespace together::roled {
namespace {

struct Cursor {
    Version version;
    std::string user_id;
};

// epoch-revision-user_id
std::optional<Cursor> read_cursor(const std::string& text) {
    const auto first = text.find('-');
    const auto second = first == std::string::npos ? first : text.find('-', first + 1);
    if (second == std::string::npos || second + 1 == text.size()) return std::nullopt;
    const auto revision = parse_number<std::int64_t>(text.substr(first + 1, second - first - 1));
    if (!revision) return std::nullopt;
    return Cursor{{text.substr(0, first), *revision}, text.substr(second + 1)};
}

// The user id to go on after. A cursor holds for the version that it began with.
Outcome<std::string> position(const Page& page, const Version& version) {
    if (page.after.empty()) return std::string();
    const auto cursor = read_cursor(page.after);
    if (!cursor)
        return bad_request("invalid_cursor", "'after' is no cursor of this list.", "after");
    if (cursor->version != version)
        return conflict("roster_changed",
                        "The roster has changed since the first page; start over.", "after");
    return cursor->user_id;
}

Outcome<RosterKind> kind_of(const RequestContext& context) {
    const auto include = parameter(context.uri, "include");
    if (!include) return RosterKind::roles;
    if (*include == "accounts") return RosterKind::accounts;
    return bad_request("invalid_include", "'include' is 'accounts'.", "include");
}

// What the node says that it has. Only a revision that this database has given out: none of a
// restored one's past, and none that is yet to come.
std::optional<std::int64_t> held_revision(const Request& request, const Version& current) {
    const auto value = header(request, "if-none-match").value_or("");
    const auto tag = std::string_view(value).substr(value.starts_with("W/") ? 2 : 0);
    const auto prefix = '"' + current.epoch + '-';
    if (!tag.starts_with(prefix)) return std::nullopt;
    const auto rest = tag.substr(prefix.size());
    const auto revision = parse_number<std::int64_t>(rest.substr(0, rest.find('-')));
    return revision && *revision <= current.revision ? revision : std::nullopt;
}

// The roster's tag names what it says, not these bytes of it: of a coded one it is a weak tag.
void set_page(const RequestContext& context, const Roster& roster, const std::string& after,
              Response& response) {
    const auto limit = context.page.limit;
    const auto coded =
        http::accepts_gzip(context.request) ? roster.gzip_page(after, limit) : nullptr;
    response.body = coded ? coded : roster.page(after, limit);
    if (coded) response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("ETag", (coded ? "W/" : "") + roster.etag());
}

Response unchanged(const RequestContext& context, const Roster& roster, std::chrono::seconds wait) {
    Response response;
    response.status = 304;
    response.headers.emplace_back("ETag", roster.etag());
    if (context.phase == Phase::may_long_poll && wait.count() > 0)
        response.long_poll = LongPoll{context.ids.project, roster.version().revision, wait};
    return response;
}

void say_applied(Response& response, std::chrono::seconds wait) {
    response.headers.emplace_back("Preference-Applied", "wait=" + std::to_string(wait.count()));
}

}  // namespace

Outcome<Response> get_roster(RequestContext& context) {
    const auto kind = kind_of(context);
    if (!kind) return tl::unexpected(kind.error());
    const auto version = version_of(context.store, context.ids.project);
    if (!version) return not_found("project");
    const auto after = position(context.page, *version);
    if (!after) return tl::unexpected(after.error());
    const auto roster =
        context.rosters.get(context.store, context.ids.project, *kind, *version, context.now);
    const auto wait = preferred_wait(context.request);
    Response response;
    if (if_none_match_names(context.request, roster->etag())) {
        response = unchanged(context, *roster, wait);
    } else {
        set_page(context, *roster, *after, response);
    }
    if (context.actor.kind == Actor::Kind::node)
        response.node_request =
            NodeRequest{context.target.organization_id, context.ids.project, context.actor.key_id,
                        held_revision(context.request, *version)};
    // A 304 that nobody waited for is what a client gets from a server that knows no wait.
    const bool at_once = response.status == 304 && context.phase == Phase::may_long_poll;
    if (wait.count() > 0 && !at_once) say_applied(response, wait);
    response.headers.emplace_back("Together-As-Of", std::to_string(context.now));
    return response;
}

}  // namespace together::roled
