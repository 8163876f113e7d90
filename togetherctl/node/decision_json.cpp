// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/decision_json.h"

#include "cli/output.h"
#include "common/decision/explanation.h"
#include "common/system/utc.h"
#include "togetherctl/node/roster_state.h"

namespace together::ctl {
namespace {

using namespace together;

Json::Value text_or_null(std::string_view text) {
    return text.empty() ? Json::Value() : Json::Value(std::string(text));
}

template <class Enumeration>
Json::Value name_or_null(const std::optional<Enumeration>& value) {
    return value ? Json::Value(std::string(name_of(*value))) : Json::Value();
}

}  // namespace

Json::Value json_of(const GateAnswer& answer) {
    const Decision& d = answer.decision;
    Json::Value json;
    json["login"] = d.login;
    json["uid"] = json_or_null(d.uid);
    json["action"] = std::string(permission(d.action).name);
    json["verdict"] = std::string(name_of(d.verdict));
    json["would"] = name_or_null(d.would);
    json["reason"] = std::string(name_of(d.reason));
    json["row"] = row_of(d);
    json["role"] = name_or_null(d.role);
    json["role_text"] = text_or_null(d.role_text);
    json["project"] = text_or_null(d.project);
    json["mode"] = !answer.config ? Json::Value() : d.observing ? "observe" : "enforce";
    json["evidence"] = std::string(name_of(d.evidence));
    json["age_seconds"] = d.age ? Json::Value(in_seconds(*d.age)) : Json::Value();
    json["age_uncertain"] = d.age_uncertain;
    json["revision"] = d.revision ? Json::Value(Json::Int64{*d.revision}) : Json::Value();
    json["could_not_ask"] = answer.could_not_ask();
    json["refresh_problem"] = text_or_null(d.refresh_problem);
    json["detail"] = text_or_null(d.detail);
    json["admitted_until"] =
        d.admitted_until ? Json::Value(format_utc(*d.admitted_until)) : Json::Value();
    json["message"] = text_or_null(message_for_user(d));
    return json;
}

}  // namespace together::ctl
