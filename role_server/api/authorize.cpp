// SPDX-License-Identifier: Apache-2.0
// May somebody do something? Asked by gateways, dashboards and control planes, which enforce the
// rows of the permission tables that are not this API's own.
#include "role_server/access/authorize.h"

#include "role_server/api/body.h"
#include "role_server/api/question.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

constexpr Json::ArrayIndex max_questions = 100;
using Verdict = Authorization::Verdict;

Outcome<Question> question_in(Body& body, bool explain) {
    Question question;
    question.project_id = body.text("project_id").value_or("");
    question.organization_id = body.text("organization_id").value_or("");
    question.user_id = body.text("user_id");
    question.login = body.text("login");
    const auto action = body.required_text("action");
    question.explain = body.flag("explain").value_or(explain);
    if (question.project_id.empty() == question.organization_id.empty())
        body.refuse(bad_request("ambiguous_target", "Name one of project_id, organization_id.",
                                "project_id"));
    if (question.user_id && question.login)
        body.refuse(
            bad_request("ambiguous_user", "Name the user by one of user_id, login.", "login"));
    const auto named = action_named(action);
    if (!named && !body.is_wrong())
        body.refuse(bad_request(
            "unknown_action",
            "There is no action '" + action + "'; GET /v1/permissions lists them.", "action"));
    if (body.is_wrong()) return body.refusal();
    question.action = *named;
    return question;
}

Response with_text(std::string text) {
    Response response;
    response.body = std::move(text);
    return response;
}

}  // namespace

Outcome<Response> authorize(RequestContext& context) {
    Body body(context.request, {"project_id", "organization_id", "user_id", "login", "action",
                                "explain", "questions"});
    const auto* const questions = body.part("questions");
    const bool explain = body.flag("explain").value_or(false);
    if (!questions) {
        const auto question = question_in(body, explain);
        if (!question) return tl::unexpected(question.error());
        const auto answered = answer(context, *question);
        if (!answered) return tl::unexpected(answered.error());
        return with_text(to_text(*answered));
    }
    if (body.is_wrong()) return body.refusal();
    if (!questions->isArray() || questions->empty() || questions->size() > max_questions)
        return bad_request("invalid_type", "'questions' must be a list of 1 to 100 questions.",
                           "questions");
    context.questions = questions->size();
    std::string data;
    for (const auto& one : *questions) {
        Body part(one, {"project_id", "organization_id", "user_id", "login", "action", "explain"});
        const auto question = question_in(part, explain);
        if (!question) return tl::unexpected(question.error());
        const auto answered = answer(context, *question);
        if (!answered) return tl::unexpected(answered.error());
        data += (data.empty() ? "" : ",") + to_text(*answered);
    }
    return with_text(R"({"data":[)" + data + R"(],"next_cursor":null,"object":"list"})");
}

// What nginx's auth_request asks: a status, and who it is for the service behind it.
Outcome<Response> authorize_bearer(RequestContext& context) {
    // Whoever runs a cluster gets the tokens for it: they must tell nothing of other projects.
    const auto& audience = context.actor.audience_id;
    if (!audience.empty() && audience != context.ids.project) return not_found("project");
    if (!may_know_of(context.actor, context.target)) return not_found("project");
    const auto action = action_named(context.ids.action);
    if (!action || permission(*action).level != Level::project) return not_found("action");
    if (context.actor.kind == Actor::Kind::person &&
        context.actor.audience_id != context.ids.project)
        return forbidden(
            "Send a token whose audience is this project: one for this API must not "
            "go to a service.");
    if (context.actor.kind == Actor::Kind::node)
        return forbidden("A node key is nobody's: it reads the roster and asks about tokens.");
    const auto decision = allowed(context.actor, *action, context.target);
    if (decision.verdict != Verdict::allowed) return denial_of(context, decision, Level::project);
    auto response = no_content();
    const auto& standing = context.target.standing;
    if (standing.project_role)
        response.headers.emplace_back("Together-Role",
                                      std::string(name_of(*standing.project_role)));
    if (!context.actor.user_id.empty())
        response.headers.emplace_back("Together-User", context.actor.user_id);
    if (const auto user = find_user(context.store, context.actor.user_id); user && user->login)
        response.headers.emplace_back("Together-Login", *user->login);
    return response;
}

}  // namespace together::roled
