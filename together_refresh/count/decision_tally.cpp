// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/decision_tally.h"

#include <algorithm>

#include "common/decision/log_fields.h"

namespace together {
namespace {

// Words of ours, so that nothing can break out of a label; so many that no version of ours has
// more.
constexpr std::size_t longest_word = 64;
constexpr std::size_t most_series = 1000;

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= longest_word &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
           });
}

}  // namespace

bool DecisionTally::add(std::string_view line) {
    std::array<std::string, 3> key;
    constexpr std::array<std::string_view, 3> names = {"action", "verdict", "reason"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        key[i] = field_in(line, names[i]);
        if (!is_word(key[i])) {
            ++malformed_;
            return false;
        }
    }
    if (counts_.size() >= most_series && !counts_.contains(key)) {
        ++malformed_;
        return false;
    }
    ++counts_[key];
    return true;
}

std::string DecisionTally::text() const {
    std::string text =
        "# HELP together_decisions_total Answers given at this node's doors, since the watcher "
        "started.\n"
        "# TYPE together_decisions_total counter\n";
    for (const auto& [key, count] : counts_)
        text += "together_decisions_total{action=\"" + key[0] + "\",verdict=\"" + key[1] +
                "\",reason=\"" + key[2] + "\"} " + std::to_string(count) + "\n";
    return text +
           "# HELP together_decisions_malformed_total Datagrams that were no decision.\n"
           "# TYPE together_decisions_malformed_total counter\n"
           "together_decisions_malformed_total " +
           std::to_string(malformed_) + "\n";
}

}  // namespace together
