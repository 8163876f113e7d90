// SPDX-License-Identifier: Apache-2.0
#include "common/config/accounts_config.h"

#include <algorithm>

#include "common/config/word_list.h"
#include "common/roles/identifiers.h"
#include "common/system/first_account_id.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

using Problem = std::optional<std::string>;

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

}  // namespace

Problem set_yes_or_no(bool& answer, std::string_view value) {
    if (value != "yes" && value != "no") return "must be yes or no";
    answer = value == "yes";
    return std::nullopt;
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
    std::string text;
    for (const auto& login : accounts.reserved_logins) text += (text.empty() ? "" : " ") + login;
    return text;
}

}  // namespace together
