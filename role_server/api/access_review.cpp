// SPDX-License-Identifier: Apache-2.0
// Who has access to a project, for whoever has to look through it: JSON, or CSV for a spreadsheet.
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/keys.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

Json::Value row_of(const RequestContext& context, const Collaborator& one) {
    auto row = to_json(one);
    row["object"] = "project.access";
    // Who the members are, and what they do elsewhere, is for members to know.
    const bool by_member = context.target.standing.organization_role.has_value();
    const auto user = by_member ? find_user(context.store, one.user_id) : std::nullopt;
    row["email"] = user ? Json::Value(user->email) : Json::Value();
    row["name"] = user ? json_or_null(user->name) : Json::Value();
    const auto keys = keys_that_reach(context.store, one.user_id, context.ids.project, context.now);
    row["tokens"] = by_member ? json_number(keys.count) : Json::Value();
    row["last_used_at"] = by_member ? json_or_null(keys.last_used_at) : Json::Value();
    return row;
}

// A spreadsheet takes a cell that begins so for a formula.
std::string cell(const Json::Value& value) {
    auto text = value.isNull() ? std::string() : value.asString();
    if (!text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos)
        text.insert(0, "'");
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

constexpr const char* columns[] = {"user_id",    "email", "name",   "login",
                                   "uid",        "role",  "source", "since",
                                   "granted_by", "until", "tokens", "last_used_at"};

Response csv_of(const RequestContext& context, const std::vector<Collaborator>& people) {
    std::string text;
    for (const auto* column : columns) text += (text.empty() ? "" : ",") + std::string(column);
    text += "\r\n";
    for (const auto& one : people) {
        const auto row = row_of(context, one);
        std::string line;
        for (const auto* column : columns) line += (line.empty() ? "" : ",") + cell(row[column]);
        text += line + "\r\n";
    }
    Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.body = std::move(text);
    return response;
}

}  // namespace

Outcome<Response> review_access(RequestContext& context) {
    const auto format = parameter(context.uri, "format").value_or("json");
    if (format != "json" && format != "csv")
        return bad_request("invalid_format", "'format' is json or csv.", "format");
    std::vector<Collaborator> people;
    for_each_collaborator(context.store, context.ids.project, context.now,
                          [&](const Collaborator& one) {
                              if (one.user_id > context.page.after) people.push_back(one);
                          });
    if (format == "csv") return csv_of(context, people);
    PageOf page(context.page);
    for (const auto& one : people) {
        page.add(row_of(context, one), one.user_id);
        if (page.is_full()) break;
    }
    return page.answer();
}

}  // namespace together::roled
