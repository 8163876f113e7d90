// SPDX-License-Identifier: Apache-2.0
// Idempotency-Key: a change that is sent again, because its answer was lost, is answered again and
// not carried out again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "role_server/api/request_context.h"
#include "role_server/base/errors.h"

namespace together::roled {

// The header's value; 400 where it has no usable form.
Outcome<std::optional<std::string>> idempotency_key(const RequestContext& context);

// The answer that was given; nothing where there was none. 409 where it was another request.
Outcome<std::optional<Response>> answered_before(const RequestContext& context,
                                                 const std::string& key);

// Of the request that accepted an invitation, and now is refused because that is used up. 409
// already_accepted where the answer had a token, which is shown once. Nothing where it was another.
Outcome<std::optional<Response>> accepted_before(const RequestContext& context);

// 429 too_many_answers: a day's are kept, and of one person or project so many.
Outcome<void> require_room_for_answer(const RequestContext& context);

// In the transaction of the change. Without the secret that the answer may have. `revision`: of the
// roster that has changed, which the answer names.
void keep_answer(const RequestContext& context, const std::string& key, const Response& response,
                 std::optional<std::int64_t> revision);

void name_revision(Response& response, std::optional<std::int64_t> revision);

// The body without what is shown once.
std::string without_secret(std::string_view body);

}  // namespace together::roled
