// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/conformance_words.h"

#include <chrono>

namespace together {

std::string milliseconds(Nanoseconds time) {
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

std::string count(std::size_t number, const char* what) {
    return std::to_string(number) + " " + what;
}

std::string brief(const HttpAnswer& answer) {
    if (answer.status == 0) return "no answer: " + answer.error;
    std::string text = std::to_string(answer.status);
    if (!answer.request_id.empty()) text += " (request id " + answer.request_id + ")";
    return text;
}

std::string listed(const std::set<std::string>& names) {
    std::string text;
    std::size_t shown = 0;
    for (const auto& name : names) {
        if (shown++ == 5) return text + ", ... (" + count(names.size(), "in all)");
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

}  // namespace together
