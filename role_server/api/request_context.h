// SPDX-License-Identifier: Apache-2.0
// One authorized request on its way through a resource: what a handler gets.
#pragma once

#include <json/value.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "role_server/access/authenticate.h"
#include "role_server/access/authorize.h"
#include "role_server/base/errors.h"
#include "role_server/base/uri.h"
#include "role_server/messages/message.h"
#include "role_server/model/change.h"
#include "role_server/store/store.h"

namespace together::roled {

class RosterCache;
class KnownNodes;
class SeenPeople;

// What the placeholders of the route's path stand for; empty where it has none of that name.
struct PathIds {
    std::string organization, project, user, key, invitation, action;
};

struct RequestContext {
    Store& store;  // in a transaction
    RosterCache& rosters;
    KnownNodes& nodes;
    SeenPeople& seen;
    const Request& request;
    const Uri& uri;
    const PathIds& ids;
    Phase phase;
    bool draining;               // the server is being stopped
    std::int64_t now;            // seconds since 1970, before anything was read
    std::string_view operation;  // the action's name, for the audit trail
    Page page;                   // of a list
    Actor actor;
    Target target;
    Authorization::Verdict verdict;  // allowed, or name_only
    std::string invitation_id;       // that the token in the body names, be it valid or not
    std::size_t questions;           // that the request asks, as soon as its handler knows
};

// Answers from what it reads.
using Reader = Outcome<Response> (*)(RequestContext&);
// Changes something, and answers; the change is settled and committed if it succeeds.
using Changer = Outcome<Response> (*)(RequestContext&, Change&);

Author author_of(const RequestContext& context);

// 201, and where what was made is from now on.
Response made_at(const std::string& path, const Json::Value& value, unsigned status = 201);
// The path of what was made in the list that the request is sent to.
std::string path_below(const RequestContext& context, const std::string& id);

// Records a change of `target` for the organization that the request is about.
void record_change(const RequestContext& context, Change& change, const std::string& target,
                   const Json::Value& before, const Json::Value& after);

// The answer to a change of somebody's place in organizations: `value`, and what it brings about.
Outcome<Response> with_consequences(Json::Value value, Change& change);

}  // namespace together::roled
