// SPDX-License-Identifier: Apache-2.0
#include "authorizer/decision_counts.h"

namespace together::authorizer {
namespace {

struct Labels {
    std::string_view door;
    std::string_view action;
    std::string_view verdict;
    std::string_view reason;
};

std::string sample(const Labels& labels, std::uint64_t count) {
    std::string line = "together_decisions_total{door=\"";
    line.append(labels.door).append("\",action=\"").append(labels.action);
    line.append("\",verdict=\"").append(labels.verdict);
    line.append("\",reason=\"").append(labels.reason).append("\"} ");
    return line + std::to_string(count) + "\n";
}

}  // namespace

void DecisionCounts::add(std::string_view door, const Decision& decision) {
    ++counts_[{door, decision.action, decision.verdict, decision.reason}];
}

std::string DecisionCounts::text() const {
    std::string text =
        "# HELP together_decisions_total Answers given.\n"
        "# TYPE together_decisions_total counter\n";
    for (const auto& [key, count] : counts_)
        text += sample(
            {key.door, permission(key.action).name, name_of(key.verdict), name_of(key.reason)},
            count);
    text += sample({"kubernetes", "discovery", "allow", "authenticated"}, discovery_);
    text += sample({"kubernetes", "any", "no_opinion", "not_ours"}, not_ours_);
    return text;
}

}  // namespace together::authorizer
