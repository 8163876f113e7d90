// SPDX-License-Identifier: Apache-2.0
#include "common/node_config/metrics_config.h"

#include <array>
#include <optional>

#include "common/config/config_values.h"
#include "common/config/word_list.h"
#include "common/roles/identifiers.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;

// node_exporter reads no others.
Problem set_textfile(MetricsConfig& metrics, std::string_view value) {
    if (auto problem = set_path(metrics.textfile, value)) return problem;
    if (!value.ends_with(".prom")) return "does not end with .prom";
    return std::nullopt;
}

Problem set_senders(MetricsConfig& metrics, std::string_view value) {
    constexpr std::size_t max_senders = 16;
    std::vector<std::string> senders;
    for (const auto word : words_of(value)) {
        if (!is_login(word)) return "\"" + std::string(word) + "\" is no login";
        senders.emplace_back(word);
    }
    if (senders.size() > max_senders) return "more than 16";
    metrics.senders = std::move(senders);
    return std::nullopt;
}

std::string show_senders(const MetricsConfig& metrics) {
    return joined_words(metrics.senders);
}

constexpr std::array keys = std::to_array<SectionKey<MetricsConfig>>({
    {"textfile", set_textfile, [](const MetricsConfig& c) { return c.textfile; }},
    {"senders", set_senders, show_senders},
});

}  // namespace

std::span<const SectionKey<MetricsConfig>> metrics_keys() {
    return keys;
}

}  // namespace together
