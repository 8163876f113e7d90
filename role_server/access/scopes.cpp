// SPDX-License-Identifier: Apache-2.0
#include "role_server/access/scopes.h"

#include <algorithm>
#include <array>

namespace together::roled {
namespace {

struct Scope {
    std::string_view name;
    std::optional<Action> action;
};

constexpr std::array scopes = std::to_array<Scope>({
    {"project.read", Action::project_read},
    {"collaborators.read", Action::collaborators_read},
    {"authorize", std::nullopt},
    {"costs.read", Action::costs_read},
    {"inference.use", Action::inference_use},
    {"fine_tuning.use", Action::fine_tuning_use},
    {"endpoints.use", Action::endpoints_use},
    {"products.use", Action::products_use},
});

std::uint32_t bit_of(std::string_view name) {
    for (std::size_t i = 0; i < scopes.size(); ++i)
        if (scopes.at(i).name == name) return 1U << i;
    return 0;
}

}  // namespace

std::optional<Scopes> Scopes::named(const std::vector<std::string>& names) {
    Scopes result;
    for (const auto& name : names) {
        const auto bit = bit_of(name);
        if (bit == 0) return std::nullopt;
        result.bits_ |= bit;
    }
    return result;
}

Scopes Scopes::stored(std::string_view text) {
    Scopes result;
    while (!text.empty()) {
        const auto name = text.substr(0, text.find(' '));
        result.bits_ |= bit_of(name);
        text.remove_prefix(std::min(text.size(), name.size() + 1));
    }
    return result;
}

std::vector<std::string> Scopes::names() const {
    std::vector<std::string> result;
    for (const auto& scope : scopes)
        if ((bits_ & bit_of(scope.name)) != 0) result.emplace_back(scope.name);
    return result;
}

std::string Scopes::to_store() const {
    std::string text;
    for (const auto& name : names()) text += (text.empty() ? "" : " ") + name;
    return text;
}

bool Scopes::allows(Action action) const {
    return std::any_of(scopes.begin(), scopes.end(), [&](const Scope& scope) {
        return scope.action == action && (bits_ & bit_of(scope.name)) != 0;
    });
}

bool Scopes::allows_authorize() const {
    return (bits_ & bit_of("authorize")) != 0;
}

std::string all_scopes() {
    std::string text;
    for (const auto& scope : scopes) text += (text.empty() ? "" : ", ") + std::string(scope.name);
    return text;
}

}  // namespace together::roled
