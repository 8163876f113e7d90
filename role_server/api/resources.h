// SPDX-License-Identifier: Apache-2.0
// The handlers of all resources. The route table (router.cpp) says which action each one is;
// whoever gets here is allowed to do it.
#pragma once

#include "role_server/api/call.h"

namespace together::roled {

Outcome<Response> get_ready(Call& call);
Outcome<Response> get_whoami(Call& call);
Outcome<Response> get_permissions(Call& call);

Outcome<Response> get_me(Call& call);
Outcome<Response> change_me(Call& call);

Outcome<Response> get_organization(Call& call);
Outcome<Response> change_organization(Call& call);
Outcome<Response> list_projects(Call& call);
Outcome<Response> add_project(Call& call);
Outcome<Response> get_project(Call& call);

Outcome<Response> get_roster(Call& call);
Outcome<Response> get_collaborator(Call& call);
Outcome<Response> add_collaborator(Call& call);
Outcome<Response> change_collaborator(Call& call);
Outcome<Response> remove_collaborator(Call& call);

Outcome<Response> list_node_keys(Call& call);
Outcome<Response> get_node_key(Call& call);
Outcome<Response> add_node_key(Call& call);
Outcome<Response> remove_node_key(Call& call);

}  // namespace together::roled
