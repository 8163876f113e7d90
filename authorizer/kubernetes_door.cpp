// SPDX-License-Identifier: Apache-2.0
#include "authorizer/kubernetes_door.h"

#include "common/decision/explanation.h"

namespace together::authorizer {
namespace {

using kubernetes::Need;

// What is in no row is an Admin's, whatever it is called.
Asked asked_of(const kubernetes::Requirement& need, const std::string& login) {
    const bool in_a_row = need.need == Need::action;
    return {"kubernetes", login, in_a_row ? need.action : Action::kubernetes_run,
            !in_a_row,    {},    {}};
}

std::string explanation(const Decision& decision, const kubernetes::AccessRequest& request,
                        const std::vector<std::string>& namespaces) {
    auto text = message_for_user(decision);
    const bool elsewhere = decision.reason == Reason::admin_required && request.is_resource &&
                           !kubernetes::is_workload_namespace(request.ns, namespaces);
    if (elsewhere) text += " " + where_members_work(namespaces);
    return text;
}

bool observes(const Result<AuthorizerConfig>& config) {
    return config && config->mode == Mode::observe;
}

}  // namespace

std::optional<std::string> login_of(std::string_view user, std::string_view prefix) {
    if (user.starts_with("system:") || !user.starts_with(prefix)) return std::nullopt;
    return std::string(user.substr(prefix.size()));
}

AccessAnswer KubernetesDoor::answer(const AccessReview& review, std::string_view peer) {
    // Without a configuration nobody knows who is ours: all but Kubernetes' own may be.
    static const KubernetesConfig nothing{{}, {}, {}, {}, {}, {}};
    const auto& config = gate_.config();
    const auto& rules = config ? config->kubernetes : nothing;
    const auto login = login_of(review.user, rules.username_prefix);
    if (!login) {
        counts_.add_not_ours();
        return {};
    }
    const auto request = review.request();
    const auto need = kubernetes::requirement_for(request, rules.namespaces);
    if (need.need == Need::authenticated) {
        counts_.add_discovery();
        // Else kubectl hides the reason of every refusal behind "no such resource".
        return {.allowed = !observes(config), .reason = {}, .evaluation_error = {}};
    }
    auto asked = asked_of(need, *login);
    const auto what = shown(review);
    asked.peer = peer;
    asked.what = what;
    const auto decision = gate_.decide(asked);
    // Who only observes leaves it to the others: an allow here would make everybody an Admin.
    if (decision.observing) return {};
    AccessAnswer answer{.allowed = decision.allowed(),
                        .denied = !decision.allowed(),
                        .reason = {},
                        .evaluation_error = {}};
    if (answer.denied) answer.reason = explanation(decision, request, rules.namespaces);
    if (decision.verdict == Verdict::unavailable) answer.evaluation_error = decision.detail;
    return answer;
}

}  // namespace together::authorizer
