// SPDX-License-Identifier: Apache-2.0
// What together can do: one Verb each; a file a resource.
#pragma once

#include "cli/verb.h"

namespace together::cli {

extern const Verb login_verb, logout_verb, whoami_verb, accept_verb, can_verb;
extern const Verb projects_verb, projects_add_verb, projects_remove_verb, projects_rename_verb,
    projects_use_verb, projects_join_verb, projects_leave_verb;
extern const Verb collaborators_verb, collaborators_add_verb, collaborators_remove_verb,
    collaborators_promote_verb, collaborators_demote_verb, collaborators_until_verb;
extern const Verb nodes_verb, node_keys_verb, node_keys_add_verb, node_keys_remove_verb;
extern const Verb api_keys_verb, api_keys_add_verb, api_keys_remove_verb;
extern const Verb tokens_verb, tokens_add_verb, tokens_remove_verb;
extern const Verb kube_credential_verb;
extern const Verb ssh_keys_verb, ssh_keys_add_verb, ssh_keys_remove_verb;
extern const Verb org_verb, org_set_verb;
extern const Verb members_verb, members_remove_verb, members_promote_verb, members_demote_verb,
    members_suspend_verb, members_resume_verb;
extern const Verb invite_verb, invitations_verb, invitations_remove_verb;
extern const Verb audit_verb, review_verb;

}  // namespace together::cli
