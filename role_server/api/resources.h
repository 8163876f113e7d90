// SPDX-License-Identifier: Apache-2.0
// The handlers of all resources. The route table (router.cpp) says which action each one is;
// whoever gets here is allowed to do it.
#pragma once

#include "role_server/api/request_context.h"

namespace together::roled {

Outcome<Response> get_ready(RequestContext& context);
Outcome<Response> get_whoami(RequestContext& context);
Outcome<Response> get_permissions(RequestContext& context);

Outcome<Response> get_me(RequestContext& context);
Outcome<Response> change_me(RequestContext& context);

Outcome<Response> get_organization(RequestContext& context);
Outcome<Response> change_organization(RequestContext& context);
Outcome<Response> list_projects(RequestContext& context);
Outcome<Response> add_project(RequestContext& context);
Outcome<Response> get_project(RequestContext& context);

Outcome<Response> get_roster(RequestContext& context);
Outcome<Response> get_collaborator(RequestContext& context);
Outcome<Response> add_collaborator(RequestContext& context);
Outcome<Response> change_collaborator(RequestContext& context);
Outcome<Response> remove_collaborator(RequestContext& context);

Outcome<Response> list_node_keys(RequestContext& context);
Outcome<Response> get_node_key(RequestContext& context);
Outcome<Response> add_node_key(RequestContext& context);
Outcome<Response> remove_node_key(RequestContext& context);

}  // namespace together::roled
