// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/believable.h"

#include "common/roles/permissions.h"

namespace together {

void RosterCounts::add(const RosterPage& page) {
    entries += page.entries.size();
    left_out += page.left_out.size();
    keys_left_out += page.keys_left_out;
    for (const auto& key : page.accounts.keys) key_bytes += key.text.size();
    for (const auto& entry : page.entries) {
        const auto role = role_named(entry.role);
        if (role == Role::admin) ++admins;
        if (!role) ++unknown_roles;
    }
}

std::optional<std::string> why_too_large(const RosterCounts& counts) {
    if (counts.key_bytes > max_key_bytes)
        return "the roster is refused: it has more than " +
               std::to_string(max_key_bytes / 1024 / 1024) + " MiB of ssh_keys";
    if (counts.entries <= max_roster_entries) return std::nullopt;
    return "the roster is refused: it has more than " + std::to_string(max_roster_entries) +
           " entries, the most that a node takes";
}

std::optional<std::string> why_not_believed(const RosterCounts& counts) {
    if (auto reason = why_too_large(counts)) return reason;
    if (counts.entries > 0) return std::nullopt;
    if (counts.left_out > 0)
        return "the roster is not believed: none of its " + std::to_string(counts.left_out) +
               " entries has a usable login";
    return "the roster is not believed: it has no entries";
}

std::string warnings_about(const RosterCounts& counts) {
    std::string text;
    const auto add = [&text](const std::string& warning) {
        text += (text.empty() ? "" : "; ") + warning;
    };
    if (counts.admins == 0) add("the roster has no admin");
    if (counts.left_out > 0)
        add(std::to_string(counts.left_out) + " entries without a usable login are left out");
    if (counts.keys_left_out > 0)
        add(std::to_string(counts.keys_left_out) +
            " ssh_keys that sshd would not take are left out");
    if (counts.unknown_roles > 0)
        add(std::to_string(counts.unknown_roles) +
            " entries have a role other than admin and member, and do not get in");
    return text;
}

}  // namespace together
