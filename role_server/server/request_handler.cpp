// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_handler.h"

#include <utility>

#include "role_server/access/role_lookup.h"
#include "role_server/base/log.h"
#include "role_server/messages/json.h"
#include "role_server/model/keys.h"

namespace together::roled {
namespace {

constexpr std::chrono::seconds minute{60};

std::string operation_of(const Route& route) {
    if (route.access == Access::action) return std::string(permission(route.action).name);
    return route.access == Access::own_profile ? "profile" : "about";
}

std::string path_of(const Request& request) {
    return request.target.substr(0, std::min<std::size_t>(request.target.find('?'), 250));
}

Outcome<void> refuse_parameters(const Route& route, const Uri& uri) {
    for (const auto& [name, value] : uri.query)
        if (!route.paged || (name != "limit" && name != "after"))
            return bad_request("unknown_parameter", "There is no parameter '" + name + "' here.",
                               name);
    return {};
}

Outcome<void> verdict_of(Authorization decision, const Route& route, RequestContext& context) {
    using Verdict = Authorization::Verdict;
    context.verdict = decision.verdict;
    if (decision.verdict == Verdict::allowed) return {};
    if (decision.verdict == Verdict::name_only && route.name_only) return {};
    if (decision.verdict == Verdict::hidden)
        return not_found(context.ids.project.empty() ? "organization" : "project");
    return forbidden(std::move(decision.reason));
}

bool is_refusal(unsigned status) {
    return status == 401 || status == 403 || status == 404 || status == 409;
}

void add_common_headers(Response& response) {
    // A shared cache once served rosters without a token, and 304 after the origin was gone.
    response.headers.emplace_back("Cache-Control", "private, no-store");
    response.headers.emplace_back("Vary", "Authorization, Prefer");
}

}  // namespace

RequestHandler::RequestHandler(std::string db)
    : stores_(std::move(db)), refusals_(minute), uses_(minute) {}

Response RequestHandler::answer(const Request& request, Phase phase) {
    Outcome<Response> outcome =
        other(500, "internal_error", "Something went wrong here; see the log.");
    bool is_a_nodes = false;
    try {
        outcome = route(request, phase, is_a_nodes);
    } catch (const soci::soci_error& error) {
        write_log(request.id + " database: " + error.what());
        outcome = other(503, "database_unavailable", "The database does not answer.");
    } catch (const std::exception& error) {
        write_log(request.id + " " + error.what());
    }
    auto response = outcome ? std::move(*outcome) : error_response(outcome.error());
    add_common_headers(response);
    // What a person's token opens is a stranger's, or one of them could keep a cluster out.
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
        RequestContext context{**lease,   rosters_, request,   uri,
                               found.ids, phase,    draining_, now_seconds(),
                               operation, {},       {},        Authorization::Verdict::hidden};
        auto outcome = perform(context, *found.route, trail);
        is_a_nodes = trail.actor && trail.actor->kind == Actor::Kind::node;
        trail.record.target = path_of(request);
        after(*lease, trail, outcome);
        return outcome;
    } catch (const std::exception&) {
        lease->discard();
        throw;
    }
}

Outcome<Response> RequestHandler::perform(RequestContext& context, const Route& route,
                                          AuditContext& trail) {
    // Asked first without the write lock: strangers must not be able to keep others from writing.
    if (route.mode == Transaction::Mode::write)
        if (auto known = admit(context, route, trail); !known) return tl::unexpected(known.error());
    Transaction transaction(context.store, route.mode);
    if (auto admitted = admit(context, route, trail); !admitted)
        return tl::unexpected(admitted.error());
    if (auto fits = refuse_parameters(route, context.uri); !fits)
        return tl::unexpected(fits.error());
    trail.only_looked = route.mode == Transaction::Mode::read;
    auto outcome = route.handler(context);
    if (outcome) transaction.commit();
    return outcome;
}

Outcome<void> RequestHandler::admit(RequestContext& context, const Route& route,
                                    AuditContext& trail) {
    if (route.access == Access::anybody) return {};
    auto known = authenticate(context.store, context.request, context.now);
    trail.record = audit_record(context);
    trail.record.actor = trail.record.key_id = known.known_key_id;
    if (!known.actor) return tl::unexpected(known.actor.error());
    context.actor = *known.actor;
    trail.actor = context.actor;
    trail.record = audit_record(context);
    if (route.access == Access::any_key) return {};
    if (route.access == Access::own_profile)
        return verdict_of(allowed_own_profile(context.actor), route, context);
    const bool about_project = !context.ids.project.empty();
    auto target = about_project
                      ? target_project(context.store, context.actor, context.ids.project)
                      : target_organization(context.store, context.actor, context.ids.organization);
    if (!target) return tl::unexpected(target.error());
    context.target = std::move(*target);
    trail.record = audit_record(context);
    return verdict_of(allowed(context.actor, route.action, context.target), route, context);
}

void RequestHandler::after(StorePool::Lease& store, const AuditContext& trail,
                           const Outcome<Response>& outcome) {
    try {
        if (outcome) {
            note_that_used(*store, trail);
        } else {
            note_refusal(*store, trail, outcome.error());
        }
    } catch (const soci::soci_error& error) {
        // The request is over, its change may be committed: its answer stands.
        write_log(trail.record.request_id + " after the answer: " + error.what());
        store.discard();
    }
}

void RequestHandler::note_that_used(Store& store, const AuditContext& trail) {
    const auto now = now_seconds();
    const bool due = trail.actor && trail.actor->last_used_at.value_or(0) + minute.count() <= now;
    if (!due || !uses_.admits(trail.actor->key_id, now)) return;
    try {
        note_use(store, trail.actor->key_id, now);
    } catch (const soci::soci_error&) {
        // Somebody else is writing; the next use in a minute is noted as well.
    }
}

void RequestHandler::note_refusal(Store& store, const AuditContext& trail, const ApiError& error) {
    // A token that names no key of ours is nobody's refusal; writing those down would let strangers
    // fill the disk.
    auto record = trail.record;
    if (!is_refusal(error.status) || record.key_id.empty() || trail.only_looked) return;
    if (!refusals_.admits(record.key_id + record.action + record.target + error.code,
                          now_seconds()))
        return;
    record.outcome = "refused";
    record.reason = error.code + ": " + error.message;
    Transaction transaction(store, Transaction::Mode::write);
    write(store, record);
    transaction.commit();
}

std::optional<std::int64_t> RequestHandler::counter() {
    try {
        if (!watching_) {
            auto opened = stores_.lease();
            if (!opened) throw soci::soci_error(opened.error().message);
            watching_.emplace(std::move(*opened));
            ++times_opened_;
        }
        long long version = 0;
        (*watching_)->sql() << "PRAGMA data_version", soci::into(version);
        return version + (times_opened_ << 32U);
    } catch (const soci::soci_error& error) {
        if (watching_) watching_->discard();
        watching_.reset();
        write_log(std::string("database: ") + error.what());
        return std::nullopt;
    }
}

Revisions RequestHandler::revisions(const std::vector<std::string>& projects) {
    try {
        auto lease = stores_.lease();
        if (!lease) return {};
        Revisions current;
        for (const auto& project : projects) {
            const auto version = version_of(**lease, project);
            current[project] = version ? std::optional(version->revision) : std::nullopt;
        }
        return current;
    } catch (const soci::soci_error& error) {
        write_log(std::string("database: ") + error.what());
        return {};
    }
}

}  // namespace together::roled
