// SPDX-License-Identifier: Apache-2.0
// What is done to the authority, as data: a step has a kind and numbers that choose among what is
// there when it is done. So a step keeps its sense when others before it are left out.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace together::model {

enum class Kind : std::uint8_t {
    create_user,
    add_member,
    set_role,
    suspend,
    end_suspension,
    set_until,
    remove_member,
    delete_user,
    create_project,
    change_project,
    delete_project,
    add_collaborator,
    set_collaborator_role,
    set_collaborator_until,
    remove_collaborator,
    invite,
    revoke_invitation,
    accept,
    add_ssh_key,
    remove_ssh_key,
    set_uid,
    change_settings,
    reserve_logins,
    move_ownership,
    set_login,
    make_key,
    revoke_key,
    pass_time,
    end_what_is_over,
};

struct Step {
    Kind kind;
    std::array<std::uint32_t, 5> choices;
    bool dry_run;
};

inline std::vector<Step> random_steps(std::uint64_t seed, std::size_t count) {
    // How often each kind comes, in the order of Kind.
    constexpr std::array<unsigned, 29> weights{4, 5, 5, 4, 3, 4, 5, 1, 5, 2, 4, 12, 7, 5, 6,
                                               4, 1, 5, 2, 1, 4, 3, 1, 1, 4, 7, 1,  4, 4};
    // Not std::discrete_distribution: a seed must mean the same with every library.
    std::vector<Kind> drawn;
    for (std::size_t i = 0; i < weights.size(); ++i)
        drawn.insert(drawn.end(), weights.at(i), static_cast<Kind>(i));
    std::mt19937_64 random(seed);
    std::vector<Step> steps;
    for (std::size_t i = 0; i < count; ++i) {
        Step step{drawn[random() % drawn.size()], {}, random() % 12 == 0};
        for (auto& choice : step.choices) choice = static_cast<std::uint32_t>(random());
        steps.push_back(step);
    }
    return steps;
}

std::string_view name_of(Kind kind);

}  // namespace together::model
