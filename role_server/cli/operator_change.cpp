// SPDX-License-Identifier: Apache-2.0
#include "role_server/cli/operator_change.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <map>

#include "role_server/base/crypto.h"
#include "role_server/base/validation.h"
#include "role_server/messages/json.h"
#include "role_server/model/invitations.h"
#include "role_server/model/keys.h"
#include "role_server/model/users.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

std::string joined(const Json::Value& list) {
    std::string text;
    for (const auto& one : list)
        text += (text.empty() ? "" : ",") + (one.isString() ? one.asString() : to_text(one));
    return text;
}

std::string as_date(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, sizeof "2026-01-31T23:59:59Z"> text{};
    (void)std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

// As a person reads it.
std::string plain(std::string_view name, const Json::Value& value) {
    if (value.isNull()) return "-";
    if (value.isBool()) return value.asBool() ? "yes" : "no";
    const bool is_time = name == "until" || name.ends_with("_at");
    if (is_time && value.isIntegral()) return as_date(value.asInt64());
    if (value.isArray()) return joined(value);
    return value.isConvertibleTo(Json::stringValue) ? value.asString() : to_text(value);
}

// Characters, not bytes; good enough where some are wide.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            text += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
        text += row.back() + "\n";
    }
    return text;
}

Refusal unverified_address(const User& user, const std::string& otherwise) {
    return conflict(
        "unverified_address",
        user.email + " is the address of " + user.id + " (login " + user.login.value_or("none") +
            "), whoever accepted an invitation for it: if that is who you mean, " + otherwise);
}

Author the_operator() {
    Author author;
    author.origin = Origin::cli;
    author.request_id = "cli_" + random_base62(16);
    author.actor = "operator";
    return author;
}

Result<std::unique_ptr<Store>> opened(const Options& options) {
    const auto db = options.require("db");
    if (!db) return tl::unexpected(db.error());
    return Store::open(*db);
}

}  // namespace

Result<Done> change_once(Store& store, const std::string& action, const Act& act) {
    try {
        if (auto migrated = migrate(store); !migrated) return tl::unexpected(migrated.error());
        Change change(store, the_operator(), action, now_seconds());
        auto outcome = act(change);
        if (!outcome) return failure(outcome.error().message);
        if (auto settled = change.settle(); !settled) return failure(settled.error().message);
        change.commit();
        return Done{std::move(*outcome), change.consequences()};
    } catch (const soci::soci_error& error) {
        return failure(std::string("the database does not answer: ") + error.what());
    }
}

Result<Printed> as_one_change(const Options& options, const std::string& action, const Act& act) {
    const auto store = opened(options);
    if (!store) return tl::unexpected(store.error());
    const auto done = change_once(**store, action, act);
    if (!done) return tl::unexpected(done.error());
    return Printed{printed(options, done->fields)};
}

Result<Printed> as_one_change_with_consequences(const Options& options, const std::string& action,
                                                const Act& act) {
    const auto store = opened(options);
    if (!store) return tl::unexpected(store.error());
    auto done = change_once(**store, action, act);
    if (!done) return tl::unexpected(done.error());
    const auto consequences = to_json(done->consequences);
    for (const auto& name : consequences.getMemberNames())
        done->fields.emplace_back(name, consequences[name]);
    return Printed{printed(options, done->fields)};
}

Result<Printed> on_database(const Options& options, const Look& look) {
    const auto store = opened(options);
    if (!store) return tl::unexpected(store.error());
    try {
        if (auto migrated = migrate(**store); !migrated) return tl::unexpected(migrated.error());
        return look(**store);
    } catch (const soci::soci_error& error) {
        return failure(std::string("the database does not answer: ") + error.what());
    }
}

Result<Printed> as_one_look(const Options& options, const Look& look) {
    return on_database(options, [&](Store& store) {
        const Transaction transaction(store, Transaction::Mode::read);
        return look(store);
    });
}

std::string printed(const Options& options, const Fields& fields) {
    Json::Value object;
    std::string text;
    for (const auto& [name, value] : fields) {
        object[name] = value;
        text += name + "=" + plain(name, value) + "\n";
    }
    return options.has("json") ? to_text(object) + "\n" : text;
}

std::string printed(const Options& options, const Json::Value& data,
                    const std::vector<std::string>& columns) {
    if (options.has("json")) return to_text(list_of(data, std::nullopt)) + "\n";
    std::vector<std::vector<std::string>> rows{columns};
    for (const auto& object : data) {
        auto& row = rows.emplace_back();
        for (const auto& column : columns) row.push_back(plain(column, object[column]));
    }
    return table(rows);
}

Outcome<Organization> the_organization(Store& store, const std::string& named) {
    if (const auto found = find_organization(store, named)) return *found;
    const auto found = organizations_named(store, named);
    if (found.size() == 1) return found.front();
    if (found.empty()) return conflict("unknown", "no organization is called '" + named + "'");
    std::string ids;
    for (const auto& one : found) ids += (ids.empty() ? "" : ", ") + one.id;
    return conflict("ambiguous", "several organizations are called '" + named +
                                     "': name it by its id, one of " + ids);
}

Outcome<User> account_of(Change& change, const std::string& email,
                         const std::optional<std::string>& id) {
    const auto known = find_user_by_email(change.store(), email);
    if (!known) return create_user(change, email);
    if (id == known->id || !came_by_invitation(change.store(), *known)) return *known;
    return unverified_address(*known, "add --user " + known->id);
}

Outcome<User> the_user(Store& store, const std::string& named) {
    std::map<std::string, User> found;
    for (const auto& one : {find_user(store, named), find_user_by_login(store, named),
                            find_user_by_email(store, named)})
        if (one) found.emplace(one->id, *one);
    if (found.size() == 1) return found.begin()->second;
    if (found.empty())
        return conflict("unknown", "nobody has the id, login or address '" + named + "'");
    return conflict(
        "ambiguous",
        "'" + named + "' is the id of one and the login of another user: " + found.begin()->first +
            ", " + found.rbegin()->first + "; name them by their addresses");
}

Outcome<void> require_whose(Store& store, const User& user, const std::string& named) {
    const bool by_address = without_case(named) == without_case(user.email);
    if (!by_address || !came_by_invitation(store, user)) return {};
    return unverified_address(user, "name them by that id");
}

Outcome<OneMember> the_member(Store& store, const std::string& organization,
                              const std::string& user) {
    const auto place = the_organization(store, organization);
    if (!place) return tl::unexpected(place.error());
    const auto person = the_user(store, user);
    if (!person) return tl::unexpected(person.error());
    const auto member = find_member(store, *place, person->id);
    if (!member)
        return conflict("no_member", person->email + " is no member of " + place->name + ".");
    return OneMember{*place, *member};
}

Json::Value snapshot_of(const Member& member) {
    Json::Value value;
    value["email"] = member.email;
    value["login"] = json_or_null(member.login);
    value["role"] = std::string(name_of(member.role));
    value["owner"] = member.owner;
    value["uid"] = json_or_null(member.uid);
    value["suspended"] = member.suspended_at.has_value();
    value["until"] = json_or_null(member.until);
    return value;
}

Json::Value snapshot_of(Store& store, const Organization& organization,
                        const std::string& user_id) {
    const auto member = find_member(store, organization, user_id);
    return member ? snapshot_of(*member) : Json::Value();
}

Outcome<void> give_login(Change& change, const User& user,
                         const std::optional<std::string>& login) {
    if (!login) return {};
    if (user.login && *user.login != *login)
        return conflict("has_login", user.email + " has the login '" + *user.login + "' already.",
                        "login");
    if (auto set = set_login(change, user, *login); !set) return set;
    record_profile_elsewhere(change, user);
    return {};
}

Outcome<std::string> give_token(Change& change, const std::string& user_id, const char* name) {
    Key wanted;
    wanted.name = name;
    wanted.created_by = user_id;
    const auto key = create_key(change, {KeyKind::user, user_id}, wanted);
    if (!key) return tl::unexpected(key.error());
    return key->token;
}

}  // namespace together::roled
