// SPDX-License-Identifier: Apache-2.0
// The same question in the words of the OpenID AuthZEN Authorization API 1.0, which gateways speak:
// a subject of type "user" (a user id, or a login), an action of the permission tables, a resource
// of type "project" or "organization".
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "role_server/api/body.h"
#include "role_server/api/question.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"

namespace together::roled {
namespace {

constexpr Json::ArrayIndex max_evaluations = 100;
// Of an action that there is not: what stands beside the list is named in a hundred answers.
constexpr std::size_t max_shown = 64;

// "Receivers MUST ignore unknown fields" (AuthZEN 1.0, JSON Serialization). Gateways send many.
constexpr Body::Rules authzen{20'000, true};

enum class Semantic { execute_all, deny_on_first_deny, permit_on_first_permit };

constexpr std::array semantics = std::to_array<std::pair<std::string_view, Semantic>>({
    {"execute_all", Semantic::execute_all},
    {"deny_on_first_deny", Semantic::deny_on_first_deny},
    {"permit_on_first_permit", Semantic::permit_on_first_permit},
});

struct Thing {
    std::string type, id;
};

Outcome<Thing> thing_in(const Json::Value& request, const char* field, bool with_id) {
    if (!request[field].isObject())
        return bad_request("missing_field", std::string("'") + field + "' is required.", field);
    Body body(request[field], {}, authzen);
    Thing thing{body.text("type").value_or(""), body.text(with_id ? "id" : "name").value_or("")};
    if (thing.id.empty()) body.require(with_id ? "id" : "name");
    if (body.is_wrong()) return body.refusal();
    return thing;
}

Refusal unknown_action(const std::string& name) {
    return bad_request(
        "unknown_action",
        name.size() > max_shown ? "There is no such action." : "There is no action '" + name + "'.",
        "action");
}

Outcome<Question> question_in(const Json::Value& request) {
    const auto subject = thing_in(request, "subject", true);
    if (!subject) return tl::unexpected(subject.error());
    const auto action = thing_in(request, "action", false);
    if (!action) return tl::unexpected(action.error());
    const auto resource = thing_in(request, "resource", true);
    if (!resource) return tl::unexpected(resource.error());
    Question question;
    if (subject->type != "user")
        return bad_request("unknown_type", "A subject is of type 'user'.", "subject");
    if (subject->id.starts_with("user_"))
        question.user_id = subject->id;
    else
        question.login = subject->id;
    const auto named = action_named(action->id);
    if (!named) return unknown_action(action->id);
    question.action = *named;
    const bool project = resource->type == "project";
    if (!project && resource->type != "organization")
        return bad_request("unknown_type", "A resource is of type 'project' or 'organization'.",
                           "resource");
    (project ? question.project_id : question.organization_id) = resource->id;
    return question;
}

Outcome<Json::Value> decision(const RequestContext& context, const Json::Value& request) {
    const auto question = question_in(request);
    if (!question) return tl::unexpected(question.error());
    const auto answered = answer(context, *question);
    if (!answered) return tl::unexpected(answered.error());
    Json::Value value;
    value["decision"] = answered->allowed;
    auto& why = value["context"];
    why["role"] =
        answered->role ? Json::Value(std::string(name_of(*answered->role))) : Json::Value();
    why["reason"] = json_unless_empty(answered->reason);
    why["allowed_roles"] = Json::Value(Json::arrayValue);
    for (const auto role : roles_that_may(question->action))
        why["allowed_roles"].append(std::string(name_of(role)));
    why["revision"] = json_or_null(answered->revision);
    return value;
}

// What is wrong with one evaluation is said in its place, and the others stand (AuthZEN 1.0,
// 7.2.1). Whoever may not ask is refused as a whole.
Outcome<Json::Value> decision_or_failure(const RequestContext& context, const Json::Value& one) {
    auto value = decision(context, one);
    if (value || value.error().status == 403) return value;
    const auto& error = value.error();
    Json::Value failed;
    failed["decision"] = false;
    auto& why = failed["context"];
    why["role"] = why["revision"] = Json::Value();
    why["reason"] = error.message;
    why["allowed_roles"] = Json::Value(Json::arrayValue);
    why["error"]["status"] = error.status;
    why["error"]["code"] = error.code;
    why["error"]["message"] = error.message;
    return failed;
}

Outcome<Semantic> semantic_in(const Json::Value* options) {
    if (options == nullptr) return Semantic::execute_all;
    if (!options->isObject())
        return bad_request("invalid_type", "'options' must be an object.", "options");
    Body body(*options, {}, authzen);
    const auto wanted = body.text("evaluations_semantic");
    if (body.is_wrong()) return body.refusal();
    if (!wanted) return Semantic::execute_all;
    std::string names;
    for (const auto& [name, semantic] : semantics) {
        if (name == *wanted) return semantic;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return bad_request(
        "unknown_semantic",
        "There is no evaluations_semantic '" + *wanted + "'; there are " + names + ".",
        "evaluations_semantic");
}

bool is_last(Semantic semantic, bool allowed) {
    return semantic == (allowed ? Semantic::permit_on_first_permit : Semantic::deny_on_first_deny);
}

// What stands beside the list holds for all of it that do not say otherwise (AuthZEN 1.0, 7.1).
Json::Value with_defaults(const Json::Value& one, const Json::Value& defaults) {
    Json::Value whole = one;
    for (const auto* field : {"subject", "action", "resource"})
        if (!whole.isMember(field) && defaults.isMember(field)) whole[field] = defaults[field];
    return whole;
}

}  // namespace

Outcome<Response> evaluate(RequestContext& context) {
    Body body(context.request, {}, authzen);
    const auto& whole = body.whole();
    if (body.is_wrong()) return body.refusal();
    const auto value = decision(context, whole);
    if (!value) return tl::unexpected(value.error());
    return json_response(200, *value);
}

Outcome<Response> evaluate_many(RequestContext& context) {
    Body body(context.request, {}, authzen);
    const auto& defaults = body.whole();
    const auto* const list = body.part("evaluations");
    const auto semantic = semantic_in(body.part("options"));
    if (body.is_wrong()) return body.refusal();
    if (!semantic) return tl::unexpected(semantic.error());
    Json::Value answers;
    if (!list || (list->isArray() && list->empty())) {
        const auto value = decision(context, defaults);
        if (!value) return tl::unexpected(value.error());
        return json_response(200, *value);
    }
    if (!list->isArray() || list->size() > max_evaluations)
        return bad_request("invalid_type", "'evaluations' must be a list of 1 to 100.",
                           "evaluations");
    context.questions = list->size();
    answers["evaluations"] = Json::Value(Json::arrayValue);
    for (const auto& one : *list) {
        if (!one.isObject())
            return bad_request("invalid_type", "An evaluation is an object.", "evaluations");
        const auto value = decision_or_failure(context, with_defaults(one, defaults));
        if (!value) return tl::unexpected(value.error());
        answers["evaluations"].append(*value);
        if (is_last(*semantic, (*value)["decision"].asBool())) break;
    }
    return json_response(200, answers);
}

}  // namespace together::roled
