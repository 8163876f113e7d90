// SPDX-License-Identifier: Apache-2.0
#include "common/decision/decision.h"

#include <array>

namespace together {
namespace {

using enum Verdict;

constexpr std::array table = std::to_array<ReasonRow>({
    {Reason::root, "root", allow},
    {Reason::exempt, "exempt", allow},
    {Reason::admitted, "admitted", allow},
    {Reason::role_permits, "role_permits", allow},
    {Reason::lockdown, "lockdown", deny},
    {Reason::not_a_collaborator, "not_a_collaborator", deny},
    {Reason::role_forbids, "role_forbids", deny},
    {Reason::unknown_role, "unknown_role", deny},
    {Reason::admin_required, "admin_required", deny},
    {Reason::login_shared, "login_shared", deny},
    {Reason::uid_shared, "uid_shared", deny},
    {Reason::uid_below_minimum, "uid_below_minimum", deny},
    {Reason::uid_differs, "uid_differs", deny},
    {Reason::no_such_account, "no_such_account", deny},
    {Reason::configuration, "configuration", unavailable},
    {Reason::no_roster, "no_roster", unavailable},
    {Reason::roster_too_old, "roster_too_old", unavailable},
    {Reason::node_fault, "node_fault", unavailable},
    {Reason::name_service, "name_service", unavailable},
    {Reason::name_pending, "name_pending", unavailable},
    {Reason::module_argument, "module_argument", unavailable},
});

constexpr bool rows_stand_in_the_order_of_reason() {
    for (std::size_t i = 0; i < table.size(); ++i)
        if (static_cast<std::size_t>(table[i].reason) != i) return false;
    return table.size() == static_cast<std::size_t>(Reason::module_argument) + 1;
}
static_assert(rows_stand_in_the_order_of_reason());

const ReasonRow* find(Reason reason) {
    const auto number = static_cast<std::size_t>(reason);
    return number < table.size() ? &table[number] : nullptr;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::allow:
            return "allow";
        case Verdict::deny:
            return "deny";
        case Verdict::unavailable:
            break;
    }
    return "unavailable";
}

std::string_view name_of(Evidence evidence) {
    switch (evidence) {
        case Evidence::none:
            return "none";
        case Evidence::fresh:
            return "fresh";
        case Evidence::refreshed:
            return "refreshed";
        case Evidence::old:
            break;
    }
    return "old";
}

std::span<const ReasonRow> reasons() {
    return table;
}

std::string_view name_of(Reason reason) {
    const auto* const row = find(reason);
    if (row == nullptr) return "unknown";
    return row->name;
}

Verdict verdict_of(Reason reason) {
    const auto* const row = find(reason);
    return row != nullptr ? row->verdict : Verdict::unavailable;
}

}  // namespace together
