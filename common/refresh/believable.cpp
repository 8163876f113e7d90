#include "believable.h"

#include "permissions.h"

namespace together {

void RosterCounts::add(const RosterPage& page) {
    entries += page.entries.size();
    left_out += page.left_out.size();
    for (const auto& entry : page.entries)
        if (role_named(entry.role) == Role::admin) ++admins;
}

std::optional<std::string> why_not_believed(const RosterCounts& counts) {
    if (counts.entries > 0) return std::nullopt;
    if (counts.left_out > 0)
        return "the roster is not believed: none of its " + std::to_string(counts.left_out) +
               " entries has a usable login";
    return "the roster is not believed: it has no entries";
}

std::string warnings_about(const RosterCounts& counts) {
    std::string text;
    if (counts.admins == 0) text = "the roster has no admin";
    if (counts.left_out > 0)
        text += (text.empty() ? "" : "; ") + std::to_string(counts.left_out) +
                " entries without a usable login are left out";
    return text;
}

}  // namespace together
