// SPDX-License-Identifier: Apache-2.0
#include "common/node_config/accounts_config.h"

#include <algorithm>
#include <array>

#include "common/config/config_values.h"
#include "common/config/word_list.h"
#include "common/roles/identifiers.h"
#include "common/system/duration.h"
#include "common/system/first_account_id.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;
using namespace std::chrono_literals;

// Above it some programs read a negative number.
constexpr std::uint32_t max_id = 2147483647;
// nobody's, and the one that 16 bits took for none.
constexpr std::uint32_t nobody = 65534;
constexpr std::uint32_t none_of_16_bits = 65535;

// Room for "-admin" in what useradd takes for a name.
constexpr std::size_t max_group = 26;
// Of home and shell each: an account is read in one piece.
constexpr std::size_t max_path_text = 200;

// A colon would end the field in what getent prints and other programs read.
bool is_field_of_passwd(std::string_view text) {
    return text.size() <= max_path_text && is_printable(text) && is_utf8(text) &&
           text.find(':') == text.npos;
}

Problem set_id_range(IdRange& range, std::string_view value) {
    const auto dash = value.find('-');
    if (dash == value.npos) return "not of the form FIRST-LAST";
    const auto first = parse_number<std::uint32_t>(value.substr(0, dash));
    const auto last = parse_number<std::uint32_t>(value.substr(dash + 1));
    if (!first || !last || *first > *last) return "not of the form FIRST-LAST";
    if (*first < first_account_id || *last > max_id)
        return "must be from " + std::to_string(first_account_id) + " to " + std::to_string(max_id);
    const IdRange wanted{*first, *last};
    if (wanted.contains(nobody) || wanted.contains(none_of_16_bits))
        return "65534 and 65535 are nobody's";
    range = wanted;
    return std::nullopt;
}

Problem set_home(AccountsConfig& accounts, std::string_view value) {
    constexpr std::string_view login = "/%u";
    const auto folder = value.substr(0, value.size() - std::min(value.size(), login.size()));
    if (!folder.starts_with('/') || !value.ends_with(login) || folder.find('%') != folder.npos)
        return "not of the form /FOLDER/%u";
    if (!is_field_of_passwd(value)) return "is too long, or has a colon or control characters";
    accounts.home = value;
    return std::nullopt;
}

Problem set_shell(AccountsConfig& accounts, std::string_view value) {
    if (!value.starts_with('/')) return "not an absolute path";
    if (!is_field_of_passwd(value)) return "is too long, or has a colon or control characters";
    accounts.shell = value;
    return std::nullopt;
}

Problem set_group(AccountsConfig& accounts, std::string_view value) {
    if (!value.empty() && (!is_login(value) || value.size() > max_group))
        return "not a group's name of at most " + std::to_string(max_group) + " characters";
    accounts.group = value;
    return std::nullopt;
}

Problem set_reserved_logins(AccountsConfig& accounts, std::string_view value) {
    for (const auto name : words_of(value)) {
        if (!is_login(name)) return "\"" + std::string(name) + "\" is no login";
        accounts.reserved_logins.emplace_back(name);
    }
    return std::nullopt;
}

std::string show_id_range(const IdRange& range) {
    return std::to_string(range.first) + "-" + std::to_string(range.last);
}

std::string show_reserved_logins(const AccountsConfig& accounts) {
    return joined_words(accounts.reserved_logins);
}

constexpr std::array keys = std::to_array<SectionKey<AccountsConfig>>({
    {"enabled", [](AccountsConfig& c, std::string_view v) { return set_yes_or_no(c.enabled, v); },
     [](const AccountsConfig& c) { return yes_or_no(c.enabled); }},
    {"uid_range",
     [](AccountsConfig& c, std::string_view v) { return set_id_range(c.uid_range, v); },
     [](const AccountsConfig& c) { return show_id_range(c.uid_range); }},
    {"gid_range",
     [](AccountsConfig& c, std::string_view v) { return set_id_range(c.gid_range, v); },
     [](const AccountsConfig& c) { return show_id_range(c.gid_range); }},
    {"home", [](AccountsConfig& c, std::string_view v) { return set_home(c, v); },
     [](const AccountsConfig& c) { return c.home; }},
    {"shell", [](AccountsConfig& c, std::string_view v) { return set_shell(c, v); },
     [](const AccountsConfig& c) { return c.shell; }},
    {"group", [](AccountsConfig& c, std::string_view v) { return set_group(c, v); },
     [](const AccountsConfig& c) { return c.group; }},
    {"group_members",
     [](AccountsConfig& c, std::string_view v) { return set_yes_or_no(c.group_members, v); },
     [](const AccountsConfig& c) { return yes_or_no(c.group_members); }},
    {"keep_removed",
     [](AccountsConfig& c, std::string_view v) {
         return set_duration(c.keep_removed, v, {0s, 24h * 1825});
     },
     [](const AccountsConfig& c) { return format_duration(c.keep_removed); }},
    {"reserved_logins",
     [](AccountsConfig& c, std::string_view v) { return set_reserved_logins(c, v); },
     [](const AccountsConfig& c) { return show_reserved_logins(c); }},
});

}  // namespace

std::span<const SectionKey<AccountsConfig>> accounts_keys() {
    return keys;
}

}  // namespace together
