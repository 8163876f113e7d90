// SPDX-License-Identifier: Apache-2.0
// Who has access to a project, for whoever has to look through it: JSON, or CSV for a spreadsheet.
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "common/system/parse_number.h"
#include "common/system/utc.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/access_history.h"
#include "role_server/model/reviewed_people.h"

namespace together::roled {
namespace {

// A table has all rows.
constexpr std::size_t all = std::numeric_limits<std::int64_t>::max();

Json::Value row_of(const RequestContext& context, const ReviewedPerson& one) {
    auto row = to_json(one.collaborator);
    row["object"] = "project.access";
    // Who the members are, and what they do elsewhere, is for members to know.
    const bool by_member = context.target.standing.organization_role.has_value();
    row["email"] = by_member ? Json::Value(one.email) : Json::Value();
    row["name"] = by_member ? json_or_null(one.name) : Json::Value();
    row["tokens"] = by_member ? json_number(one.tokens) : Json::Value();
    row["last_used_at"] = by_member ? json_or_null(one.last_used_at) : Json::Value();
    const auto& seen = one.last_seen;
    row["last_seen_at"] = seen ? json_number(seen->seen_at) : Json::Value();
    row["last_seen_door"] = seen ? Json::Value(seen->door) : Json::Value();
    row["last_seen_node"] = seen ? json_or_null(seen->node) : Json::Value();
    return row;
}

// A spreadsheet takes a cell that begins so for a formula.
std::string cell(const Json::Value& value) {
    auto text = value.isNull() ? std::string() : value.asString();
    if (!text.empty() &&
        std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos)
        text.insert(0, "'");
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

constexpr const char* columns_now[] = {
    "user_id", "email",        "name",         "login",          "uid",
    "role",    "source",       "since",        "granted_by",     "until",
    "tokens",  "last_used_at", "last_seen_at", "last_seen_door", "last_seen_node"};
constexpr const char* columns_of_periods[] = {"user_id", "login",      "role",     "source",
                                              "since",   "granted_by", "ended_at", "ended_by"};

Response csv_of(std::span<const char* const> columns, const std::vector<Json::Value>& rows) {
    std::string text;
    for (const auto* column : columns) text += (text.empty() ? "" : ",") + std::string(column);
    text += "\r\n";
    for (const auto& row : rows) {
        std::string line;
        for (const auto* column : columns) line += (line.empty() ? "" : ",") + cell(row[column]);
        text += line + "\r\n";
    }
    Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.body = std::move(text);
    return response;
}

Json::Value row_of(const AccessPeriod& period) {
    Json::Value row;
    row["object"] = "project.access_period";
    row["user_id"] = period.user_id;
    row["login"] = json_or_null(period.login);
    row["role"] = std::string(name_of(period.role));
    row["source"] = std::string(word_for(period.source));
    row["since"] = json_number(period.began_at);
    row["granted_by"] = json_or_null(period.granted_by);
    row["ended_at"] = json_or_null(period.ended_at);
    row["ended_by"] = json_or_null(period.ended_by);
    return row;
}

std::string cursor_of(const AccessPeriod& period) {
    return period.user_id + '-' + std::to_string(period.began_at);
}

Outcome<AccessPlace> wanted_after(const RequestContext& context) {
    const auto& text = context.page.after;
    if (text.empty()) return AccessPlace();
    const auto dash = text.rfind('-');
    const auto began = dash == std::string::npos
                           ? std::nullopt
                           : parse_number<std::int64_t>(std::string_view(text).substr(dash + 1));
    if (!began) return bad_request("invalid_cursor", "'after' is no cursor of this list.", "after");
    return AccessPlace{text.substr(0, dash), *began};
}

Outcome<std::int64_t> wanted_since(const RequestContext& context, const std::string& text) {
    const auto since = parse_number<std::int64_t>(text);
    if (!since || *since > context.now)
        return bad_request("invalid_since",
                           "'since' is a time that has been, in seconds since 1970.", "since");
    const auto known = access_known_since(context.store);
    if (*since < known)
        return bad_request(
            "invalid_since",
            "Who had access is known from " + format_utc(known * 1'000'000'000) + " on.", "since");
    return *since;
}

Outcome<Response> review_since(RequestContext& context, const std::string& text, bool as_csv) {
    const auto since = wanted_since(context, text);
    if (!since) return tl::unexpected(since.error());
    const auto after = wanted_after(context);
    if (!after) return tl::unexpected(after.error());
    PageOf page(context.page);
    std::vector<Json::Value> rows;
    for_each_access_period(context.store, context.ids.project, *since, context.now, *after,
                           as_csv ? all : page.wanted(), [&](const AccessPeriod& period) {
                               if (as_csv)
                                   rows.push_back(row_of(period));
                               else
                                   page.add(row_of(period), cursor_of(period));
                           });
    return as_csv ? csv_of(columns_of_periods, rows) : page.answer();
}

}  // namespace

Outcome<Response> review_access(RequestContext& context) {
    const auto format = parameter(context.uri, "format").value_or("json");
    if (format != "json" && format != "csv")
        return bad_request("invalid_format", "'format' is json or csv.", "format");
    if (const auto since = parameter(context.uri, "since"))
        return review_since(context, *since, format == "csv");
    std::vector<Json::Value> rows;
    PageOf page(context.page);
    const bool as_csv = format == "csv";
    for_each_reviewed(context.store, context.ids.project, context.now, context.page.after,
                      as_csv ? all : page.wanted(), [&](const ReviewedPerson& one) {
                          if (as_csv)
                              rows.push_back(row_of(context, one));
                          else
                              page.add(row_of(context, one), one.collaborator.user_id);
                      });
    return as_csv ? csv_of(columns_now, rows) : page.answer();
}

}  // namespace together::roled
