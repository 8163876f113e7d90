// SPDX-License-Identifier: Apache-2.0
// A request becomes an answer: authenticated, authorized, carried out in one transaction, audited.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "role_server/api/router.h"
#include "role_server/messages/message.h"
#include "role_server/model/audit.h"
#include "role_server/model/project_roster.h"
#include "role_server/server/change_source.h"
#include "role_server/store/store_pool.h"

namespace together::roled {

// Thread-safe. Blocks on the database: to be called on threads that may wait.
class RequestHandler : public ChangeSource {
  public:
    explicit RequestHandler(std::string db);

    Response answer(const Request& request, Phase phase);

    // By one thread at a time. SQLite tells a connection what all others have changed.
    std::optional<std::int64_t> counter() override;
    Revisions revisions(const std::vector<std::string>& projects) override;

    void begin_draining() { draining_ = true; }

  private:
    // What is known of a request when it fails, for the audit trail.
    struct AuditContext {
        AuditRecord record;
        std::optional<Actor> actor;
        bool only_looked = false;  // admitted, and then what was looked for was not there
    };

    Outcome<Response> route(const Request& request, Phase phase, bool& is_a_nodes);
    Outcome<Response> run(const Match& found, const Uri& uri, const Request& request, Phase phase,
                          bool& is_a_nodes);
    Outcome<Response> perform(RequestContext& context, const Route& route, AuditContext& trail);
    Outcome<void> admit(RequestContext& context, const Route& route, AuditContext& trail);
    void after(StorePool::Lease& store, const AuditContext& trail,
               const Outcome<Response>& outcome);
    void note_that_used(Store& store, const AuditContext& trail);
    void note_refusal(Store& store, const AuditContext& trail, const ApiError& error);

    StorePool stores_;
    std::optional<StorePool::Lease> watching_;  // counts for counter(), and for nothing else
    std::int64_t times_opened_ = 0;             // each counts anew
    RosterCache rosters_;
    OncePerPeriod refusals_;
    OncePerPeriod uses_;
    std::atomic<bool> draining_ = false;
};

}  // namespace together::roled
