// SPDX-License-Identifier: Apache-2.0
// May this request be carried out? Whose it is, what it is about, and what the permission tables
// say.
#pragma once

#include "role_server/api/request_context.h"
#include "role_server/api/router.h"
#include "role_server/base/errors.h"

namespace together::roled {

// Fills in target and verdict of a context whose actor is known. A denial says which roles would be
// allowed and, to those who may see them, who has one.
Outcome<void> authorize_request(RequestContext& context, const Route& route);

// The parameters that the route knows, and a page where it has some.
Outcome<void> read_parameters(RequestContext& context, const Route& route);

// `?dry_run=true`: everything but the commit.
Outcome<bool> wants_dry_run(const RequestContext& context);

}  // namespace together::roled
