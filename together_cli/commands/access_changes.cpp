// SPDX-License-Identifier: Apache-2.0
#include "together_cli/commands/access_changes.h"

#include <vector>

namespace together::cli {
namespace {

using Periods = std::vector<const Json::Value*>;

const char* change_of(bool was_there, bool is_there) {
    if (was_there) return is_there ? "changed" : "removed";
    return is_there ? "added" : "came_and_went";
}

Json::Value role_in(const Json::Value* period) {
    return period == nullptr ? Json::Value() : (*period)["role"];
}

// Of one person, in their order.
void add_change(Json::Value& changes, const Periods& periods, std::int64_t since) {
    const auto& first = *periods.front();
    const auto& last = *periods.back();
    const auto* then = first["since"].asInt64() <= since ? &first : nullptr;
    const auto* now = last["ended_at"].isNull() ? &last : nullptr;
    if (then != nullptr && then == now) return;
    Json::Value change;
    change["object"] = "project.access_change";
    change["user_id"] = last["user_id"];
    change["login"] = last["login"];
    change["change"] = change_of(then != nullptr, now != nullptr);
    change["role_then"] = role_in(then);
    change["role_now"] = role_in(now);
    change["time"] = now != nullptr ? last["since"] : last["ended_at"];
    change["by"] = now != nullptr ? last["granted_by"] : last["ended_by"];
    changes.append(std::move(change));
}

}  // namespace

Json::Value access_changes(const Json::Value& periods, std::int64_t since) {
    Json::Value changes(Json::arrayValue);
    Periods of_one;
    for (const auto& period : periods) {
        if (!of_one.empty() && (*of_one.front())["user_id"] != period["user_id"]) {
            add_change(changes, of_one, since);
            of_one.clear();
        }
        of_one.push_back(&period);
    }
    if (!of_one.empty()) add_change(changes, of_one, since);
    return changes;
}

}  // namespace together::cli
