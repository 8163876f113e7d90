// SPDX-License-Identifier: Apache-2.0
// May somebody do something? The question that gateways, dashboards and control planes ask, in
// whatever form they send it.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/roles/permissions.h"
#include "role_server/api/request_context.h"
#include "role_server/base/errors.h"

namespace together::roled {

struct Question {
    std::string project_id, organization_id;    // exactly one
    std::optional<std::string> user_id, login;  // at most one; none: whoever asks
    Action action = Action::project_read;
    bool explain = false;
};

struct Answered {
    Action action;
    std::string user_id;  // empty: of nobody that the asker may know of
    bool allowed = false;
    std::optional<Role> role;
    std::string reason;  // of a denial
    std::optional<std::int64_t> revision;
    Json::Value explanation;  // null unless it was asked for
};

// As JSON, written by hand: with a tree of values in between, a hundred answers take four times as
// long.
std::string to_text(const Answered& answered);

// What one may not know of is answered like what is not there. A key is denied things in its own
// project, and knows of nothing else.
bool may_know_of(const Actor& actor, const Target& target);

// A denial as a 403, to those who may see them with whom they can ask.
Refusal denial_of(const RequestContext& context, const Authorization& decision, Level level);

// 400 where the action is not about what it names. Refused where the asker may not ask it: about
// what they may not know of, or about others.
Outcome<Answered> answer(const RequestContext& context, const Question& question);

}  // namespace together::roled
