// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_handler.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include "role_server/api/preconditions.h"
#include "role_server/api/resources.h"
#include "role_server/base/log.h"
#include "role_server/messages/json.h"
#include "role_server/model/expiry.h"
#include "role_server/server/admission.h"
#include "role_server/server/repeated_request.h"
#include "role_server/server/shown_path.h"

namespace together::roled {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t minute = 60;

// Of a megabyte each.
constexpr std::size_t long_bodies = 64, long_bodies_of_one = 8;

// Of this thread: what others do meanwhile does not count.
std::chrono::duration<double> processor_time() {
    timespec used{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string operation_of(const Route& route) {
    switch (route.access) {
        case Access::action:
        case Access::join:
            return std::string(permission(route.action).name);
        case Access::own_profile:
        case Access::member:
            return "profile";
        case Access::invited:
            return "invitation.accept";
        default:
            return "about";
    }
}

bool is_refusal(unsigned status) {
    return status == 401 || status == 403 || status == 404 || status == 409;
}

void add_common_headers(Response& response) {
    // A shared cache once served rosters without a token, and 304 after the origin was gone.
    response.headers.emplace_back("Cache-Control", "private, no-store");
    response.headers.emplace_back("Vary", "Authorization, Prefer, Accept-Encoding");
}

// Some things say themselves what of them counts.
std::string tag_of(const Response& response) {
    const auto own = header(response, "ETag");
    return own ? *own : etag_of(response.body.view());
}

// One thing that is not a list: what If-Match of a change can name.
bool is_single(const Route& route) {
    const bool kept = route.access == Access::action || route.access == Access::own_profile;
    return kept && !route.paged && route.read != nullptr;
}

// What a GET of it asks for, where that is a single thing.
std::optional<Match> single_at(const Uri& uri) {
    const auto found = match("GET", uri);
    return found && is_single(*found->route) ? std::optional(*found) : std::nullopt;
}

void set_header(Response& response, std::string_view name, const std::string& value) {
    std::erase_if(response.headers, [&](const auto& one) { return one.first == name; });
    response.headers.emplace_back(name, value);
}

void add_etag(const RequestContext& context, const Route& route, Response& response) {
    if (!is_single(route) || response.status != 200) return;
    const auto etag = tag_of(response);
    set_header(response, "ETag", etag);
    if (!if_none_match_names(context.request, etag)) return;
    response.status = 304;
    response.body = {};
}

// What settled the change shows in the thing too, as a project's revision. What only this answer
// has is kept.
std::string as_it_is_now(const Response& response, const Response& now) {
    const auto answered = as_json(response.body.view());
    auto value = as_json(now.body.view());
    for (const auto* field : {"token", "consequences"})
        if (answered.isMember(field)) value[field] = answered[field];
    return to_text(value);
}

// Of the thing that a change has made, or changed: what the next GET of it says, so that the client
// can go on with If-Match.
void answer_as_next_get(const RequestContext& context, Response& response) {
    if (response.status == 204) return;
    const auto made = header(response, "Location");
    const auto uri = made ? parse_uri(*made) : Outcome<Uri>(context.uri);
    if (!uri) return;
    const auto found = single_at(*uri);
    if (!found) return;
    auto there = RequestContext{context.store,     context.rosters,
                                context.nodes,     context.seen,
                                context.request,   *uri,
                                found->ids,        context.phase,
                                context.draining,  context.now,
                                context.operation, context.page,
                                context.actor,     context.target,
                                context.verdict,   context.invitation_id,
                                context.questions};
    const auto now = found->route->read(there);
    if (!now || now->status != 200) return;
    set_header(response, "ETag", tag_of(*now));
    response.body = as_it_is_now(response, *now);
}

// What a GET of the same path would be answered with at this moment must be what the client saw.
Outcome<void> check_if_match(RequestContext& context) {
    if (!header(context.request, "if-match")) return {};
    const auto seen = single_at(context.uri);
    if (!seen)
        return other(412, "precondition_failed", "There is nothing here that If-Match can name.");
    const auto current = seen->route->read(context);
    if (!current) return tl::unexpected(current.error());
    if (if_match_names(context.request, tag_of(*current))) return {};
    return other(412, "precondition_failed",
                 "It has been changed since you read it: read it again.");
}

// An invitation that is used up may have been by this very request, whose answer was lost.
Outcome<Response> refused(const RequestContext& context, const ApiError& refusal) {
    if (refusal.code == "invalid_invitation") {
        auto before = accepted_before(context);
        if (!before) return tl::unexpected(before.error());
        if (*before) return std::move(**before);
    }
    return tl::unexpected(refusal);
}

// Of the roster that has changed: what GET …/nodes?revision= takes. Where several have, of the one
// that the request names.
std::optional<std::int64_t> changed_revision(const RequestContext& context,
                                             const Consequences& consequences) {
    const auto& rosters = consequences.rosters;
    const bool named = rosters.count(context.ids.project) > 0;
    if (!named && rosters.size() != 1) return std::nullopt;
    const auto version = version_of(context.store, named ? context.ids.project : *rosters.begin());
    return version ? std::optional(version->revision) : std::nullopt;
}

Response dry_run_of(const Response& response, const Consequences& consequences) {
    Json::Value value;
    value["object"] = "dry_run";
    value["status"] = response.status;
    value["answer"] = as_json(without_secret(response.body.view()));
    value["consequences"] = to_json(consequences);
    return json_response(200, value);
}

// A person with all of their tokens; those for one project's services apart, or whoever runs them
// could use up what is theirs elsewhere.
std::string asker_of(const Actor& actor) {
    return actor.user_id + actor.audience_id;
}

Refusal database_unavailable() {
    return other(503, "database_unavailable", "The database does not answer.");
}

// Nothing where the database does not answer, which the log says then.
template <class Look>
auto looked_up(StorePool& stores, const Look& look) {
    std::optional<std::invoke_result_t<Look, Store&>> found;
    auto lease = stores.lease();
    if (!lease) {
        write_log("database: " + lease.error().message);
        return found;
    }
    try {
        found = look(**lease);
    } catch (const soci::soci_error& error) {
        lease->discard();
        write_log(std::string("database: ") + error.what());
    }
    return found;
}

}  // namespace

RequestHandler::RequestHandler(std::string db, Metrics* metrics)
    : metrics_(metrics),
      stores_(std::move(db)),
      background_(stores_, nodes_, seen_),
      reads_(reads_per_second),
      questions_(questions_per_second),
      changes_(changes_per_second),
      roster_changes_(roster_changes_per_second),
      places_(long_bodies, long_bodies_of_one) {}

Response RequestHandler::answer(const Request& request, Phase phase) {
    if (metrics_ == nullptr) return answer_to(request, phase);
    const auto start = Clock::now();
    auto response = answer_to(request, phase);
    metrics_->answered(route_of(request.method, request.target), response.status,
                       seconds_since(start));
    return response;
}

http::Place RequestHandler::place_for(const Request& head) {
    const auto refused = [](const ApiError& error) {
        return tl::unexpected(http::Refusal{error.status, error.code, error.message});
    };
    const auto known = looked_up(stores_, [&](Store& store) {
        const Transaction transaction(store, Transaction::Mode::read);
        return authenticate(store, head, now_seconds());
    });
    if (!known) return refused(database_unavailable().value());
    if (!known->actor) {
        const auto& error = known->actor.error();
        if (error.code == "invalid_token" && !known->named_key_id.empty())
            background_.wrong_secret(known->named_key_id, head.peer);
        return refused(error);
    }
    const auto& actor = *known->actor;
    // One project's Admin can make many keys.
    auto place = places_.take(actor.user_id.empty() ? actor.project_id : actor.user_id);
    if (place) return place;
    return refused(other(429, "rate_limited",
                         "Too many requests with bodies of more than 64 KiB are under way: go on "
                         "in a second.")
                       .value());
}

Metrics::Now RequestHandler::now() const {
    return {0, stores_.in_use(), background_.dropped()};
}

Response RequestHandler::answer_to(const Request& request, Phase phase) {
    Outcome<Response> outcome =
        other(500, "internal_error", "Something went wrong here; see the log.");
    bool is_a_nodes = false;
    try {
        outcome = route(request, phase, is_a_nodes);
    } catch (const soci::soci_error& error) {
        write_log(request.id + " database: " + error.what());
        outcome = database_unavailable();
    } catch (const std::exception& error) {
        write_log(request.id + " " + error.what());
    }
    if (metrics_ != nullptr && !outcome) metrics_->refused(outcome.error().code);
    auto response = outcome ? std::move(*outcome) : error_response(outcome.error());
    add_common_headers(response);
    response.trusted = is_a_nodes;
    return response;
}

Outcome<Response> RequestHandler::route(const Request& request, Phase phase, bool& is_a_nodes) {
    const auto uri = parse_uri(request.target);
    if (!uri) return tl::unexpected(uri.error());
    const auto found = match(request.method, *uri);
    if (!found && found.error().status == 405) {
        auto response = error_response(found.error());
        response.headers.emplace_back("Allow", methods_of(*uri));
        return response;
    }
    if (!found) return tl::unexpected(found.error());
    if (found->route->access == Access::alive) {
        Json::Value value;
        value["status"] = "ok";
        return json_response(200, value);
    }
    return run(*found, *uri, request, phase, is_a_nodes);
}

Outcome<Response> RequestHandler::run(const Match& found, const Uri& uri, const Request& request,
                                      Phase phase, bool& is_a_nodes) {
    auto lease = stores_.lease();
    if (!lease) throw soci::soci_error(lease.error().message);
    AuditContext trail;
    try {
        const auto operation = operation_of(*found.route);
        RequestContext context{
            **lease,   rosters_,  nodes_, seen_,     request,
            uri,       found.ids, phase,  draining_, now_seconds(),
            operation, {},        {},     {},        Authorization::Verdict::hidden,
            {},        1};
        const auto start = processor_time();
        auto outcome = found.route->change != nullptr ? change(context, *found.route, trail)
                                                      : read(context, *found.route, trail);
        charge(context, limit_of(*found.route), processor_time() - start);
        is_a_nodes = trail.actor && trail.actor->kind == Actor::Kind::node;
        trail.record.target = shown_path(request);
        after(trail, outcome, context.now);
        return outcome;
    } catch (const std::exception&) {
        lease->discard();
        throw;
    }
}

Outcome<Response> RequestHandler::read(RequestContext& context, const Route& route,
                                       AuditContext& trail) {
    auto& store = context.store;
    if (route.work != Work::question) {
        const Transaction transaction(store, Transaction::Mode::read);
        return read_in_transaction(context, route, trail);
    }
    try {
        const auto end = newest_record(store);
        const RememberedRows::Use use(store.remembered(), end);
        const LateTransaction transaction(store, [&] { return newest_record(store) == end; });
        return read_in_transaction(context, route, trail);
    } catch (const LateTransaction::Outdated&) {
        // Something was changed meanwhile: once more, from one state.
    }
    const Transaction transaction(store, Transaction::Mode::read);
    const RememberedRows::Use use(store.remembered(), newest_record(store));
    return read_in_transaction(context, route, trail);
}

Outcome<Response> RequestHandler::read_in_transaction(RequestContext& context, const Route& route,
                                                      AuditContext& trail) {
    if (auto known = identify(context, route, trail); !known) return tl::unexpected(known.error());
    if (auto in_time = check_rate(context, limit_of(route)); !in_time)
        return tl::unexpected(in_time.error());
    if (auto may = admit(context, route, trail); !may) return tl::unexpected(may.error());
    if (auto fits = read_parameters(context, route); !fits) return tl::unexpected(fits.error());
    trail.only_looked = true;
    auto outcome = route.read(context);
    if (outcome) add_etag(context, route, *outcome);
    return outcome;
}

Outcome<Response> RequestHandler::change(RequestContext& context, const Route& route,
                                         AuditContext& trail) {
    {
        // First without the write lock: strangers must not be able to keep others from writing.
        Transaction transaction(context.store, Transaction::Mode::read);
        if (auto known = identify(context, route, trail); !known)
            return refused(context, known.error());
        if (auto in_time = check_rate(context, changes_); !in_time)
            return tl::unexpected(in_time.error());
        if (auto may = admit(context, route, trail); !may) return refused(context, may.error());
        if (auto fits = read_parameters(context, route); !fits) return tl::unexpected(fits.error());
    }
    const auto dry_run = wants_dry_run(context);
    if (!dry_run) return tl::unexpected(dry_run.error());
    if (*dry_run && context.actor.key_id.empty())
        return unauthenticated("missing_token",
                               "What an invitation would do is told to whoever sends a token of "
                               "the account that it is for.");
    const auto key = idempotency_key(context);
    if (!key) return tl::unexpected(key.error());
    Change change(context.store, author_of(context), std::string(context.operation), context.now);
    if (auto known = identify(context, route, trail); !known)
        return refused(context, known.error());
    if (auto may = admit(context, route, trail); !may) return refused(context, may.error());
    if (*key && !*dry_run) {
        auto before = answered_before(context, **key);
        if (!before) return tl::unexpected(before.error());
        if (*before) return **before;
        if (auto room = require_room_for_answer(context); !room)
            return tl::unexpected(room.error());
    }
    if (auto matches = check_if_match(context); !matches) return tl::unexpected(matches.error());
    auto outcome = route.change(context, change);
    if (!outcome) return outcome;
    if (auto settled = change.settle(); !settled) return tl::unexpected(settled.error());
    if (*dry_run) return dry_run_of(*outcome, change.consequences());
    if (!change.consequences().rosters.empty())
        if (auto in_time = check_rate(context, roster_changes_); !in_time)
            return tl::unexpected(in_time.error());
    const auto revision = changed_revision(context, change.consequences());
    answer_as_next_get(context, *outcome);
    if (*key) keep_answer(context, **key, *outcome, revision);
    name_revision(*outcome, revision);
    const auto start = Clock::now();
    change.commit();
    if (metrics_ != nullptr) metrics_->committed(seconds_since(start));
    return outcome;
}

// Before the write lock: whoever has no invitation must not be able to keep others from writing.
Outcome<void> RequestHandler::identify(RequestContext& context, const Route& route,
                                       AuditContext& trail) {
    if (route.access == Access::anybody) return {};
    if (route.access == Access::invited && !header(context.request, "authorization"))
        return require_invitation(context);
    auto known = authenticate(context.store, context.request, context.now);
    trail.record.author = author_of(context);
    trail.record.action = context.operation;
    trail.record.author.actor = trail.record.author.key_id = known.named_key_id;
    if (!known.actor) {
        trail.wrong_secret = known.actor.error().code == "invalid_token";
        return tl::unexpected(known.actor.error());
    }
    context.actor = *known.actor;
    trail.actor = context.actor;
    trail.record.author = author_of(context);
    return {};
}

Outcome<void> RequestHandler::admit(RequestContext& context, const Route& route,
                                    AuditContext& trail) {
    if (context.actor.key_id.empty()) return {};
    auto authorized = authorize_request(context, route);
    trail.record.organization_id = context.target.organization_id;
    if (authorized && route.access == Access::invited) return require_invitation(context);
    return authorized;
}

RateLimit& RequestHandler::limit_of(const Route& route) {
    if (route.change != nullptr) return changes_;
    return route.work == Work::question ? questions_ : reads_;
}

// Nodes read when there is news, all of them at once, often with one key. A gateway asks with one
// key for all of its users.
std::optional<std::string> RequestHandler::limited_asker(const RequestContext& context,
                                                         const RateLimit& limit) const {
    const auto& actor = context.actor;
    if (!actor.user_id.empty()) return asker_of(actor);
    const auto& key = actor.key_id.empty() ? context.invitation_id : actor.key_id;
    if (key.empty() || actor.kind == Actor::Kind::node || &limit == &questions_)
        return std::nullopt;
    return key;
}

Outcome<void> RequestHandler::check_rate(const RequestContext& context, RateLimit& limit) {
    const auto asker = limited_asker(context, limit);
    if (!asker || limit.admits(*asker, Clock::now())) return {};
    return other(429, "rate_limited",
                 context.actor.user_id.empty()
                     ? "That is too many requests with one key or invitation: go on in a second."
                     : "That is too many requests, with all of your tokens together: go on in a "
                       "second.");
}

void RequestHandler::charge(const RequestContext& context, RateLimit& limit,
                            std::chrono::duration<double> processor) {
    const auto more = std::max(static_cast<double>(context.questions), limit.worth(processor)) - 1;
    const auto asker = limited_asker(context, limit);
    if (asker && more > 0) limit.charge(*asker, more, Clock::now());
}

// Neither is waited for: the answer stands.
void RequestHandler::after(const AuditContext& trail, const Outcome<Response>& outcome,
                           std::int64_t now) {
    const auto& key_id = trail.record.author.key_id;
    if (trail.actor && trail.actor->last_used_at.value_or(0) + minute <= now)
        background_.used(trail.actor->key_id, now);
    if (outcome || !is_refusal(outcome.error().status) || key_id.empty()) return;
    if (trail.wrong_secret) return background_.wrong_secret(key_id, trail.record.author.address);
    if (trail.only_looked) return;
    auto record = trail.record;
    record.outcome = "refused";
    record.reason = outcome.error().code + ": " + outcome.error().message;
    background_.refused(record, outcome.error().code);
}

std::optional<std::int64_t> RequestHandler::counter() {
    return looked_up(stores_, newest_record);
}

Revisions RequestHandler::revisions(const std::vector<std::string>& projects) {
    const auto current = looked_up(stores_, [&](Store& store) {
        Revisions found;
        for (const auto& project : projects) {
            const auto version = version_of(store, project);
            found[project] = version ? std::optional(version->revision) : std::nullopt;
        }
        return found;
    });
    return current.value_or(Revisions());
}

RequestHandler::Progress RequestHandler::progress_of_nodes(
    const std::vector<std::string>& projects) {
    (void)looked_up(stores_, [&](Store& store) {
        nodes_.read_new(store, now_milliseconds());
        return true;
    });
    Progress progress{nodes_.in_memory().progress(), {}};
    for (const auto& project : projects)
        progress.of_projects[project] = nodes_.in_memory().progress_of(project);
    return progress;
}

bool RequestHandler::remove_what_is_over() {
    auto lease = stores_.lease();
    if (!lease) return false;
    try {
        const auto now = now_seconds();
        return anything_is_over(**lease, now) && roled::remove_what_is_over(**lease, now) > 0;
    } catch (const soci::soci_error& error) {
        lease->discard();
        write_log(std::string("what is over is not removed yet: ") + error.what());
        return false;
    }
}

}  // namespace together::roled
