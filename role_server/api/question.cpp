// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/question.h"

#include "role_server/access/authorize.h"
#include "role_server/access/role_lookup.h"
#include "role_server/api/rendering.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/project_roster.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

using Verdict = Authorization::Verdict;

Outcome<Target> target_of(const RequestContext& context, const Question& question) {
    const auto& project = question.project_id;
    auto target = project.empty()
                      ? target_organization(context.store, context.actor, question.organization_id,
                                            context.now)
                      : target_project(context.store, context.actor, project, context.now);
    if (!target) return target;
    if (!may_know_of(context.actor, *target))
        return not_found(project.empty() ? "organization" : "project");
    return target;
}

// Who the question is about; empty for a login that nobody has. Refused where the asker may ask
// about themselves only.
Outcome<std::string> subject_of(const RequestContext& context, const Question& question,
                                const Target& target) {
    const auto& me = context.actor.user_id;
    if (!question.user_id && !question.login) {
        if (!me.empty()) return me;
        return bad_request("missing_field", "Name the user by user_id or login.", "user_id");
    }
    std::string subject = question.user_id.value_or("");
    if (question.login) {
        const auto user = find_user_by_login(context.store, *question.login);
        if (user) subject = user->id;
    }
    if (subject == me && !me.empty()) return subject;
    if (may_ask_about_others(context.actor, target)) return subject;
    return forbidden(
        "What others may do is told to those who may see who takes part there, and to "
        "keys with the scope 'authorize'.");
}

std::string quoted_or_null(std::string_view text) {
    return text.empty() ? "null" : json_text(text);
}

std::string names_of(const std::vector<Role>& roles) {
    std::string list;
    for (const auto role : roles) list += (list.empty() ? "" : ",") + json_text(name_of(role));
    return '[' + list + ']';
}

std::optional<Role> role_in(const Standing& standing, Level level) {
    return level == Level::project ? standing.project_role : standing.organization_role;
}

Json::Value role_as_json(const Standing& standing, Level level) {
    const auto role = role_in(standing, level);
    return role ? Json::Value(std::string(name_of(*role))) : Json::Value();
}

Json::Value explanation(const RequestContext& context, const Question& question,
                        const std::string& subject, const Standing& standing,
                        const Target& target) {
    const auto& row = permission(question.action);
    Json::Value value;
    value["title"] = std::string(row.title);
    value["level"] = row.level == Level::organization ? "organization" : "project";
    value["admin"] = row.admin;
    value["member"] = row.member;
    value["suspended"] = standing.suspended;
    value["organization_role"] = role_as_json(standing, Level::organization);
    if (!question.project_id.empty()) {
        const auto one = context.store.remembered().get(
            "explained " + question.project_id + '\n' + subject,
            [&] { return find_collaborator(context.store, question.project_id, subject); });
        value["source"] = one ? Json::Value(std::string(word_for(one->source))) : Json::Value();
        value["since"] = one ? json_number(one->since) : Json::Value();
        value["granted_by"] = one ? json_or_null(one->granted_by) : Json::Value();
        value["until"] = one ? json_or_null(one->until) : Json::Value();
    }
    value["ask"] = Json::Value(Json::arrayValue);
    if (may_ask_about_others(context.actor, target))
        value["ask"] = json_list(admins_to_ask(context.store, target, row.level, context.now));
    return value;
}

// Who takes part in a project need not know who is a member of its organization.
Outcome<void> require_right_target(const Question& question) {
    const bool about_project = permission(question.action).level == Level::project;
    if (about_project && question.project_id.empty())
        return bad_request("wrong_target", "This action is about a project: send project_id.",
                           "project_id");
    if (!about_project && question.organization_id.empty())
        return bad_request("wrong_target",
                           "This action is about an organization: send organization_id.",
                           "organization_id");
    return {};
}

// Is nobody here, for all that the asker may know. Whoever knows somebody's id has it from them,
// and can add them without asking again: it is not told for a login.
bool is_unknown_to(const Actor& asker, const Target& target, const std::string& subject,
                   const Standing& standing) {
    if (standing.project_role || (!subject.empty() && subject == asker.user_id)) return false;
    const bool member = standing.organization_role || standing.suspended;
    return !member || !target.standing.organization_role;
}

}  // namespace

bool may_know_of(const Actor& actor, const Target& target) {
    const auto seen = target.project_id.empty() ? Action::organization_read : Action::project_read;
    return allowed(actor, seen, target).verdict != Verdict::hidden;
}

Refusal denial_of(const RequestContext& context, const Authorization& decision, Level level) {
    auto refusal = refusal_of(decision);
    const auto& standing = context.target.standing;
    if (!decision.allowed_roles.empty() && (standing.organization_role || standing.project_role))
        refusal.value().ask = admins_to_ask(context.store, context.target, level, context.now);
    return refusal;
}

std::string to_text(const Answered& answered) {
    std::string text = R"({"action":)" + json_text(permission(answered.action).name);
    text += answered.allowed ? R"(,"allowed":true,"allowed_roles":)"
                             : R"(,"allowed":false,"allowed_roles":)";
    text += names_of(roles_that_may(answered.action));
    if (!answered.explanation.isNull())
        text += R"(,"explanation":)" + to_text(answered.explanation);
    text += R"(,"object":"authorization","reason":)" + quoted_or_null(answered.reason);
    text += R"(,"revision":)";
    text += answered.revision ? std::to_string(*answered.revision) : "null";
    text += R"(,"role":)";
    text += answered.role ? json_text(name_of(*answered.role)) : "null";
    return text + R"(,"user_id":)" + quoted_or_null(answered.user_id) + '}';
}

Outcome<Answered> answer(const RequestContext& context, const Question& question) {
    if (auto right = require_right_target(question); !right) return tl::unexpected(right.error());
    const auto target = target_of(context, question);
    if (!target) return tl::unexpected(target.error());
    auto subject = subject_of(context, question, *target);
    if (!subject) return tl::unexpected(subject.error());
    auto standing = standing_of(context.store, target->organization_id, question.project_id,
                                *subject, context.now);
    if (is_unknown_to(context.actor, *target, *subject, standing)) {
        subject = question.user_id.value_or("");
        standing = {};
    }
    const auto decision = allowed_person(question.action, standing);
    Answered answered;
    answered.action = question.action;
    answered.user_id = std::move(*subject);
    answered.allowed = decision.verdict == Verdict::allowed;
    answered.role = role_in(standing, permission(question.action).level);
    if (!answered.allowed)
        answered.reason =
            decision.verdict == Verdict::hidden ? "Takes no part in it." : decision.reason;
    if (!question.project_id.empty())
        if (const auto version = version_of(context.store, question.project_id))
            answered.revision = version->revision;
    if (question.explain)
        answered.explanation = explanation(context, question, answered.user_id, standing, *target);
    return answered;
}

}  // namespace together::roled
