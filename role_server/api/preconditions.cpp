// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/preconditions.h"

#include <algorithm>
#include <optional>

#include "common/roles/identifiers.h"
#include "common/system/parse_number.h"
#include "common/system/trimmed.h"
#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"

namespace together::roled {
namespace {

// Ours hold no comma, so a list can be cut at every one: a cut foreign tag matches nothing.
template <class Visit>
bool any_item(std::string_view list, std::string_view separators, Visit visit) {
    while (!list.empty()) {
        const auto item = list.substr(0, list.find_first_of(separators));
        if (visit(trimmed(item))) return true;
        list.remove_prefix(std::min(list.size(), item.size() + 1));
    }
    return false;
}

std::optional<long> wait_in(std::string_view preference) {
    const auto equals = preference.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    if (without_case(trimmed(preference.substr(0, equals))) != "wait") return std::nullopt;
    auto value = trimmed(preference.substr(equals + 1));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    if (!is_digits(value)) return std::nullopt;
    return parse_number<long>(value).value_or(max_wait.count());
}

}  // namespace

std::string etag_of(std::string_view text) {
    return '"' + sha256_hex(text).substr(0, 32) + '"';
}

bool if_none_match_names(const Request& request, std::string_view etag) {
    const auto value = header(request, "if-none-match");
    return value && any_item(*value, ",", [&](std::string_view tag) {
               if (tag.starts_with("W/")) tag.remove_prefix(2);
               return tag == etag || tag == "*";
           });
}

bool if_match_names(const Request& request, std::string_view etag) {
    const auto value = header(request, "if-match");
    return value &&
           any_item(*value, ",", [&](std::string_view tag) { return tag == etag || tag == "*"; });
}

std::chrono::seconds preferred_wait(const Request& request) {
    const auto value = header(request, "prefer").value_or("");
    std::optional<long> wait;
    any_item(value, ",;", [&](std::string_view preference) {
        wait = wait_in(preference);  // the first one counts (RFC 7240, 2)
        return wait.has_value();
    });
    return std::min(std::chrono::seconds(wait.value_or(0)), max_wait);
}

}  // namespace together::roled
