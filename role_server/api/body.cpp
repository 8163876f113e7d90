// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/body.h"

#include <algorithm>
#include <utility>

#include "common/roles/identifiers.h"
#include "role_server/base/validation.h"
#include "strict_json/strict_json.h"

namespace together::roled {
namespace {

bool says_json(const std::optional<std::string>& content_type) {
    if (!content_type) return false;
    const auto type = without_case(content_type->substr(0, content_type->find(';')));
    return type.substr(0, type.find_last_not_of(" \t") + 1) == "application/json";
}

const Json::Value& nothing() {
    static const Json::Value object(Json::objectValue);
    return object;
}

std::string list_of(Body::Fields known) {
    std::string text;
    for (const auto name : known) text += (text.empty() ? "" : ", ") + std::string(name);
    return text.empty() ? "none" : text;
}

}  // namespace

const Body::Rules Body::usual{};

Body::Body(const Request& request, Fields known, const Rules& rules) : value_(&nothing()) {
    if (!says_json(header(request, "content-type"))) {
        refuse(other(415, "unsupported_media_type",
                     "Send the body as Content-Type: application/json."));
        return;
    }
    auto parsed = parse_strict_json(request.body, {rules.max_values, 8});
    if (!parsed) {
        refuse(bad_request("invalid_json", "The body is " + parsed.error() + "."));
        return;
    }
    parsed_ = std::move(*parsed);
    take(parsed_, known, rules, "The body must be a JSON object.");
}

Body::Body(const Json::Value& object, Fields known, const Rules& rules) : value_(&nothing()) {
    take(object, known, rules, "An object was expected.");
}

void Body::take(const Json::Value& object, Fields known, const Rules& rules,
                const char* otherwise) {
    if (!object.isObject()) return refuse(bad_request("invalid_json", otherwise));
    value_ = &object;
    if (!rules.ignores_unknown) check_fields(known);
}

void Body::check_fields(Fields known) {
    if (known.size() > 0) first_known_ = *known.begin();
    for (auto field = value_->begin(); field != value_->end(); ++field) {
        const char* end = nullptr;
        const char* const begin = field.memberName(&end);
        const std::string_view name(begin, static_cast<std::size_t>(end - begin));
        if (std::find(known.begin(), known.end(), name) == known.end())
            refuse(bad_request("unknown_field",
                               "There is no field '" + std::string(name) +
                                   "' here. Fields: " + list_of(known) + ".",
                               std::string(name)));
    }
}

void Body::refuse(const Refusal& refusal) {
    if (!error_) error_ = refusal.value();
}

const Json::Value* Body::present(std::string_view field) const {
    return error_ ? nullptr : value_->find(field.data(), field.data() + field.size());
}

void Body::wrong_type(const char* field, const char* type) {
    refuse(
        bad_request("invalid_type", std::string("'") + field + "' must be " + type + ".", field));
}

void Body::require(const char* field) {
    if (!has(field))
        refuse(bad_request("missing_field", std::string("'") + field + "' is required.", field));
}

void Body::require_something() {
    if (value_->empty())
        refuse(bad_request("missing_field", "Send at least one field.", first_known_));
}

std::optional<std::string> Body::string(const char* field) {
    const auto* value = present(field);
    if (value == nullptr) return std::nullopt;
    if (value->isString()) return value->asString();
    wrong_type(field, "a string");
    return std::nullopt;
}

std::optional<std::string> Body::printable(std::string text, const char* field) {
    // PostgreSQL ends a text at a NUL that SQLite keeps; no field of ours has more than one line.
    if (!is_printable(text)) {
        refuse(bad_request("invalid_text",
                           std::string("'") + field +
                               "' has control characters, or characters that hide or reorder text.",
                           field));
        return std::nullopt;
    }
    return text;
}

std::optional<std::string> Body::text(const char* field) {
    auto given = string(field);
    return given ? printable(std::move(*given), field) : std::nullopt;
}

std::optional<std::int64_t> Body::number(const char* field) {
    const auto* value = present(field);
    if (value == nullptr) return std::nullopt;
    // Not isInt64() alone: it takes 1000.0 too.
    const bool whole = value->type() == Json::intValue || value->type() == Json::uintValue;
    if (whole && value->isInt64()) return value->asInt64();
    wrong_type(field, "a whole number");
    return std::nullopt;
}

std::optional<bool> Body::flag(const char* field) {
    const auto* value = present(field);
    if (value == nullptr) return std::nullopt;
    if (value->isBool()) return value->asBool();
    wrong_type(field, "true or false");
    return std::nullopt;
}

std::optional<std::vector<std::string>> Body::texts(const char* field) {
    const auto* value = present(field);
    if (value == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    if (value->isArray())
        for (const auto& one : *value) {
            if (!one.isString() || !is_printable(one.asString())) break;
            texts.push_back(one.asString());
        }
    if (value->isArray() && texts.size() == value->size()) return texts;
    wrong_type(field, "a list of strings");
    return std::nullopt;
}

std::optional<Role> Body::role(const char* field) {
    const auto word = text(field);
    if (!word) return std::nullopt;
    const auto role = role_named(*word);
    if (!role) refuse(bad_request("invalid_role", "A role is 'admin' or 'member'.", field));
    return role;
}

std::optional<std::string> Body::name(const char* field) {
    const auto given = text(field);
    if (!given) return std::nullopt;
    const auto checked = checked_name(*given, field);
    if (checked) return *checked;
    refuse(Refusal(checked.error()));
    return std::nullopt;
}

std::optional<std::optional<std::int64_t>> Body::future(const char* field, std::int64_t now) {
    const auto* value = present(field);
    if (value == nullptr) return std::nullopt;
    if (value->isNull()) return std::optional<std::int64_t>();
    const auto time = number(field);
    if (!time) return std::nullopt;
    // Beyond the year 9999 somebody has sent milliseconds.
    if (*time <= now || *time > 253'402'300'799) {
        refuse(bad_request(
            "invalid_time",
            std::string("'") + field + "' is in seconds since 1970 and must lie in the future.",
            field));
        return std::nullopt;
    }
    return time;
}

std::string Body::required_text(const char* field) {
    require(field);
    return text(field).value_or("");
}

std::string Body::required_name(const char* field) {
    require(field);
    return name(field).value_or("");
}

std::string Body::required_line(const char* field) {
    require(field);
    auto line = string(field).value_or("");
    const auto end = line.find_last_not_of("\r\n") + 1;
    return printable(line.substr(0, end), field) ? line : std::string();
}

}  // namespace together::roled
