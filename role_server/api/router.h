// SPDX-License-Identifier: Apache-2.0
// Every resource: its method and path, the action of the permission tables that it is, its handler.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "common/roles/permissions.h"
#include "role_server/api/request_context.h"

namespace together::roled {

// What a caller must bring.
enum class Access {
    alive,        // nothing; answered without the database
    anybody,      // nothing
    invited,      // an invitation that is good; and nothing, or a person's key
    any_key,      // a valid key, whoever's
    own_profile,  // a person's key
    member,       // a person's key; whoever gets in by an organization's own rules
    action,       // a key whose actor may do Route::action
    join,         // an Admin of the project's organization
    node,         // a key of the project's nodes
    bearer,       // a key of the project or for it: the handler decides about the action
};

// What kind of work it is: none waits for another kind.
enum class Work {
    liveness,  // does the process live? Whatever the database does
    probe,     // can it answer? A load balancer's question
    question,  // may somebody do something?
    read,
    change,
};

struct Route {
    std::string_view method;
    std::string_view path;  // with {org}, {proj}, {user}, {key}, {inv}, {action}
    Access access;
    Action action;  // meaningful with Access::action
    Work work;
    bool paged;      // takes `limit` and `after`
    bool name_only;  // knows what to leave out for those who may see the name only
    std::array<std::string_view, 2> parameters;  // more that it takes; empty: none
    Reader read;                                 // exactly one of the two
    Changer change;
    bool takes_long_body = false;  // many questions at once, with all that a gateway knows
};

std::span<const Route> routes();

struct Match {
    const Route* route;
    PathIds ids;
};
// 404, or 405 where the path exists with other methods.
Outcome<Match> match(std::string_view method, const Uri& uri);

// Of a request that no route takes: it only has to be told so.
Work work_of(std::string_view method, std::string_view target);
bool takes_long_body(std::string_view method, std::string_view target);
// "GET /v1/projects/{proj}", as it stands in the table; "none" where no route takes it.
std::string route_of(std::string_view method, std::string_view target);

// "GET, POST": what a 405 has to name. Empty where there is no such path.
std::string methods_of(const Uri& uri);

}  // namespace together::roled
