// SPDX-License-Identifier: Apache-2.0
// A request's JSON body, field by field. The first thing that is wrong is kept and everything else
// is read as absent: a handler reads all of its fields, and then asks once.
//
// Strict: duplicate keys, comments, trailing text, bad UTF-8 and more than a few levels of nesting
// are refused, and so is every field that the resource does not know (a misspelt "rolle" would
// otherwise silently mean the default).
#pragma once

#include <json/value.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/roles/permissions.h"
#include "role_server/base/errors.h"
#include "role_server/messages/message.h"

namespace together::roled {

class Body {
  public:
    using Fields = std::initializer_list<std::string_view>;
    struct Rules {
        // Of JSON, each in all a number, a text, a list…: a thousand reserved logins fit.
        std::size_t max_values = 2'000;
        bool ignores_unknown = false;
    };

    // One object that has no fields but these, unless others are ignored.
    Body(const Request& request, Fields known, const Rules& rules = usual);
    // A part of another one, which outlives it.
    Body(const Json::Value& object, Fields known, const Rules& rules = usual);
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() = default;

    bool has(const char* field) const { return whole().isMember(field); }
    // Nothing where the field is absent or wrong.
    std::optional<std::string> text(const char* field);
    std::optional<std::int64_t> number(const char* field);
    std::optional<bool> flag(const char* field);
    std::optional<std::vector<std::string>> texts(const char* field);
    std::optional<Role> role(const char* field = "role");
    // A name for people.
    std::optional<std::string> name(const char* field = "name");
    const Json::Value& whole() const { return *value_; }
    // An object or a list, as it is; null where it is absent.
    const Json::Value* part(const char* field) { return present(field); }
    // A time after `now`, in seconds since 1970; `null` takes it away again.
    std::optional<std::optional<std::int64_t>> future(const char* field, std::int64_t now);

    // The same for what must be there; an empty value where it is not.
    std::string required_text(const char* field);
    std::string required_name(const char* field = "name");
    // A text of one line, which may have its end, as in a file.
    std::string required_line(const char* field);

    // Something that the handler finds wrong; the first one counts.
    void refuse(const Refusal& refusal);
    void require(const char* field);
    // At least one of the fields that it may have.
    void require_something();

    bool is_wrong() const { return error_.has_value(); }
    Refusal refusal() const { return Refusal(*error_); }

  private:
    static const Rules usual;

    void take(const Json::Value& object, Fields known, const Rules& rules, const char* otherwise);
    void check_fields(Fields known);
    const Json::Value* present(std::string_view field) const;
    std::optional<std::string> string(const char* field);
    std::optional<std::string> printable(std::string text, const char* field);
    void wrong_type(const char* field, const char* type);

    Json::Value parsed_;
    const Json::Value* value_;
    std::optional<ApiError> error_;
    std::string first_known_;
};

}  // namespace together::roled
