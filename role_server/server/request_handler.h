// SPDX-License-Identifier: Apache-2.0
// A request becomes an answer: authenticated, authorized, carried out in one transaction, audited.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http_server/backend.h"
#include "role_server/api/router.h"
#include "role_server/messages/message.h"
#include "role_server/metrics/metrics.h"
#include "role_server/model/known_nodes.h"
#include "role_server/model/last_seen.h"
#include "role_server/model/project_roster.h"
#include "role_server/server/background_writer.h"
#include "role_server/server/body_places.h"
#include "role_server/server/rate_limit.h"
#include "role_server/server/revisions.h"
#include "role_server/store/store_pool.h"

namespace together::roled {

// Thread-safe. Blocks on the database: to be called on threads that may wait.
class RequestHandler {
  public:
    // `metrics` outlives it; may be null.
    explicit RequestHandler(std::string db, Metrics* metrics = nullptr);

    Response answer(const Request& request, Phase phase);

    // For a request with a long body, of which the head is there: to whoever has a good token.
    http::Place place_for(const Request& head);

    // Another number after each change, whoever made it: this process, another replica, the command
    // line. Nothing where the database does not answer.
    std::optional<std::int64_t> counter();
    // The current revision of each of these projects. Empty where the database does not answer.
    Revisions revisions(const std::vector<std::string>& projects);

    // The nodes of these projects, other replicas' too: a greater number after each change of what
    // they hold; `all` is that of all projects together.
    struct Progress {
        std::int64_t all;
        Revisions of_projects;
    };
    Progress progress_of_nodes(const std::vector<std::string>& projects);
    Nodes& nodes() { return nodes_.in_memory(); }

    // Removes what ends by itself and is over. Whether a roster is another one now.
    bool remove_what_is_over();

    void begin_draining() { draining_ = true; }

    // How things stand, but for those who wait.
    Metrics::Now now() const;

  private:
    // What is known of a request when it fails, for the audit trail.
    struct AuditContext {
        AuditRecord record;
        std::optional<Actor> actor;
        bool only_looked = false;   // admitted, and then what was looked for was not there
        bool wrong_secret = false;  // so that the key says nothing about who asked
    };

    Response answer_to(const Request& request, Phase phase);
    Outcome<Response> route(const Request& request, Phase phase, bool& is_a_nodes);
    Outcome<Response> run(const Match& found, const Uri& uri, const Request& request, Phase phase,
                          bool& is_a_nodes);
    Outcome<Response> read(RequestContext& context, const Route& route, AuditContext& trail);
    Outcome<Response> read_in_transaction(RequestContext& context, const Route& route,
                                          AuditContext& trail);
    Outcome<Response> change(RequestContext& context, const Route& route, AuditContext& trail);
    // Whose it is: the bearer of a token or of an invitation.
    Outcome<void> identify(RequestContext& context, const Route& route, AuditContext& trail);
    // Nothing of whom this limit does not hold for.
    std::optional<std::string> limited_asker(const RequestContext& context,
                                             const RateLimit& limit) const;
    Outcome<void> check_rate(const RequestContext& context, RateLimit& limit);
    void charge(const RequestContext& context, RateLimit& limit,
                std::chrono::duration<double> processor);
    RateLimit& limit_of(const Route& route);
    Outcome<void> admit(RequestContext& context, const Route& route, AuditContext& trail);
    void after(const AuditContext& trail, const Outcome<Response>& outcome, std::int64_t now);

    Metrics* const metrics_;
    StorePool stores_;
    RosterCache rosters_;
    KnownNodes nodes_;
    SeenPeople seen_;
    BackgroundWriter background_;
    RateLimit reads_, questions_, changes_, roster_changes_;
    BodyPlaces places_;
    std::atomic<bool> draining_ = false;
};

}  // namespace together::roled
