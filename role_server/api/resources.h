// SPDX-License-Identifier: Apache-2.0
// The handlers of all resources. The route table (router.cpp) says which action each one is;
// whoever gets here is allowed to do it.
#pragma once

#include "role_server/api/request_context.h"

namespace together::roled {

struct Collaborator;
struct Invitation;
struct User;

Outcome<Response> get_ready(RequestContext& context);
Outcome<Response> get_whoami(RequestContext& context);
Outcome<Response> get_permissions(RequestContext& context);

Outcome<Response> get_me(RequestContext& context);
Outcome<Response> change_me(RequestContext& context, Change& change);
Outcome<Response> delete_me(RequestContext& context, Change& change);
Outcome<Response> list_my_organizations(RequestContext& context);
Outcome<Response> list_my_projects(RequestContext& context);
Json::Value to_json(const User& user);

Outcome<Response> list_tokens(RequestContext& context);
Outcome<Response> get_token(RequestContext& context);
Outcome<Response> add_token(RequestContext& context, Change& change);
Outcome<Response> remove_token(RequestContext& context, Change& change);

Outcome<Response> list_ssh_keys(RequestContext& context);
Outcome<Response> get_ssh_key(RequestContext& context);
Outcome<Response> add_ssh_key_of_mine(RequestContext& context, Change& change);
Outcome<Response> remove_ssh_key_of_mine(RequestContext& context, Change& change);

Outcome<Response> get_organization(RequestContext& context);
Outcome<Response> change_organization(RequestContext& context, Change& change);
Outcome<Response> get_billing(RequestContext& context);
Outcome<Response> change_billing(RequestContext& context, Change& change);
Outcome<Response> list_audit(RequestContext& context);

Outcome<Response> list_members(RequestContext& context);
Outcome<Response> get_member(RequestContext& context);
Outcome<Response> change_member(RequestContext& context, Change& change);
Outcome<Response> remove_member_of(RequestContext& context, Change& change);
Outcome<Response> leave_organization(RequestContext& context, Change& change);

// Of the organization or, where the path names one, of a project.
Outcome<Response> list_invitations(RequestContext& context);
Outcome<Response> get_invitation(RequestContext& context);
Outcome<Response> add_invitation(RequestContext& context, Change& change);
Outcome<Response> remove_invitation(RequestContext& context, Change& change);
Outcome<Response> accept_invitation(RequestContext& context, Change& change);
// 400 where the body has none that can be accepted.
Outcome<void> require_invitation(RequestContext& context);
// Makes the invitation, in the name of whoever asks, and answers with it and its secret.
Outcome<Response> answer_with_invitation(RequestContext& context, Change& change,
                                         Invitation& invitation, unsigned status);

Outcome<Response> list_projects(RequestContext& context);
Outcome<Response> add_project(RequestContext& context, Change& change);
Outcome<Response> get_project(RequestContext& context);
Outcome<Response> change_project(RequestContext& context, Change& change);
Outcome<Response> remove_project(RequestContext& context, Change& change);
Outcome<Response> join_project(RequestContext& context, Change& change);
Outcome<Response> leave_project(RequestContext& context, Change& change);

Outcome<Response> get_roster(RequestContext& context);
Outcome<Response> get_collaborator(RequestContext& context);
Outcome<Response> add_collaborator(RequestContext& context, Change& change);
Outcome<Response> change_collaborator(RequestContext& context, Change& change);
Outcome<Response> remove_collaborator(RequestContext& context, Change& change);
// Whoever it was that asked for it. 404, and 409 for a member and the Default Project.
Outcome<Response> take_out_of_project(RequestContext& context, Change& change,
                                      const std::string& user_id);
Json::Value to_json(const Collaborator& one);
Outcome<Response> review_access(RequestContext& context);
Outcome<Response> list_nodes(RequestContext& context);
Outcome<Response> report_last_seen(RequestContext& context);

Outcome<Response> list_api_keys(RequestContext& context);
Outcome<Response> get_api_key(RequestContext& context);
Outcome<Response> add_api_key(RequestContext& context, Change& change);
Outcome<Response> remove_api_key(RequestContext& context, Change& change);

Outcome<Response> list_node_keys(RequestContext& context);
Outcome<Response> get_node_key(RequestContext& context);
Outcome<Response> add_node_key(RequestContext& context, Change& change);
Outcome<Response> remove_node_key(RequestContext& context, Change& change);

Outcome<Response> authorize(RequestContext& context);
Outcome<Response> authorize_bearer(RequestContext& context);
Outcome<Response> evaluate(RequestContext& context);
Outcome<Response> evaluate_many(RequestContext& context);
Outcome<Response> review_token(RequestContext& context);

}  // namespace together::roled
