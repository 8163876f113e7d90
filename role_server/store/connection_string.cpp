// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/connection_string.h"

#include <string_view>
#include <vector>

namespace together::roled {
namespace {

std::string_view after_scheme(std::string_view db) {
    const auto at = db.find("://");
    return at == std::string_view::npos ? std::string_view() : db.substr(at + 3);
}

// All that may be one, the longest first.
std::vector<std::string_view> passwords_in(std::string_view db) {
    std::vector<std::string_view> found;
    const auto rest = after_scheme(db);
    const auto user = rest.substr(0, rest.find_first_of("@/"));
    const auto colon = user.find(':');
    if (user.size() < rest.size() && rest[user.size()] == '@' && colon != std::string_view::npos)
        found.push_back(user.substr(colon + 1));
    for (const std::string_view name : {"password=", "sslpassword="})
        for (auto at = rest.find(name); at != std::string_view::npos; at = rest.find(name, at + 1))
            if (at > 0 && (rest[at - 1] == '?' || rest[at - 1] == '&')) {
                const auto value = rest.substr(at + name.size());
                found.push_back(value.substr(0, value.find('&')));
            }
    return found;
}

void replace_all(std::string& text, std::string_view old, std::string_view by) {
    if (old.empty()) return;
    for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + by.size()))
        text.replace(at, old.size(), by);
}

}  // namespace

bool is_postgresql(const std::string& db) {
    return db.starts_with("postgresql://") || db.starts_with("postgres://");
}

bool has_password(const std::string& db) {
    if (!is_postgresql(db)) return false;
    return !passwords_in(db).empty() || !check_connection_string(db);
}

std::string shown(const std::string& db) {
    return is_postgresql(db) ? "PostgreSQL" : db;
}

Result<void> check_connection_string(const std::string& db) {
    const auto rest = after_scheme(db);
    const auto end_of_user = rest.find_first_of("@/");
    if (end_of_user == std::string_view::npos) return {};
    const auto behind = rest.substr(end_of_user + 1);
    if (behind.substr(0, behind.find('?')).find('@') == std::string_view::npos) return {};
    return failure(
        "the connection string has an '@' or a '/' that belongs to a name or a password: write %40 "
        "and %2F");
}

std::string without_password(std::string message, const std::string& db) {
    if (!is_postgresql(db)) return message;
    replace_all(message, db, "postgresql://…");
    for (const auto password : passwords_in(db)) replace_all(message, password, "…");
    return message;
}

}  // namespace together::roled
