// SPDX-License-Identifier: Apache-2.0
// One authorized request on its way through a resource: what a handler gets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "role_server/access/authenticate.h"
#include "role_server/access/authorize.h"
#include "role_server/base/errors.h"
#include "role_server/base/uri.h"
#include "role_server/messages/message.h"
#include "role_server/model/audit.h"
#include "role_server/store/store.h"

namespace together::roled {

class RosterCache;

// What the placeholders of the route's path stand for; empty where it has none of that name.
struct PathIds {
    std::string organization, project, user, key;
};

struct RequestContext {
    Store& store;  // in a transaction, which is committed if the handler succeeds
    RosterCache& rosters;
    const Request& request;
    const Uri& uri;
    const PathIds& ids;
    Phase phase;
    bool draining;               // the server is being stopped
    std::int64_t now;            // seconds since 1970, before anything was read
    std::string_view operation;  // the action's name, for the audit trail
    Actor actor;
    Target target;
    Authorization::Verdict verdict;  // allowed, or name_only
};

using Handler = Outcome<Response> (*)(RequestContext&);

// What the audit trail says about whoever makes this call.
AuditRecord audit_record(const RequestContext& context);

// Records a change of `target` in the call's own transaction.
void record_change(RequestContext& context, const std::string& target, Json::Value before,
                   Json::Value after);

}  // namespace together::roled
