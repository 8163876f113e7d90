// SPDX-License-Identifier: Apache-2.0
// Who has access to a project, for whoever has to look through it: JSON, or CSV for a spreadsheet.
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"
#include "role_server/model/collaborators.h"

namespace together::roled {
namespace {

struct Person {
    std::string email;
    std::optional<std::string> name;
    Number tokens = 0;
    std::optional<Number> last_used_at;
};

Person person(Store& store, const std::string& user_id, const std::string& project_id,
              std::int64_t now) {
    const Number time = now;
    Person one;
    store.run("SELECT email, name FROM users WHERE id = :id", soci::into(one.email),
              soci::into(one.name), soci::use(user_id));
    store.run(
        "SELECT COUNT(*), MAX(last_used_at) FROM api_keys WHERE user_id = :user"
        " AND (audience_id IS NULL OR audience_id = :project) AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > :now)",
        soci::into(one.tokens), soci::into(one.last_used_at), soci::use(user_id),
        soci::use(project_id), soci::use(time));
    return one;
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

std::string csv(const Json::Value& data) {
    std::string text;
    for (const auto* column : columns) text += (text.empty() ? "" : ",") + std::string(column);
    text += "\r\n";
    for (const auto& row : data) {
        std::string line;
        for (const auto* column : columns) line += (line.empty() ? "" : ",") + cell(row[column]);
        text += line + "\r\n";
    }
    return text;
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
    PageOf page(context.page);
    Json::Value rows(Json::arrayValue);
    for (const auto& one : people) {
        auto row = to_json(one);
        const auto about = person(context.store, one.user_id, context.ids.project, context.now);
        row["object"] = "project.access";
        row["email"] = about.email;
        row["name"] = json_or_null(about.name);
        row["tokens"] = json_number(about.tokens);
        row["last_used_at"] = about.last_used_at ? json_number(*about.last_used_at) : Json::Value();
        if (format == "csv")
            rows.append(row);
        else
            page.add(row, one.user_id);
        if (format == "json" && page.is_full()) break;
    }
    if (format == "json") return page.answer();
    Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.body = csv(rows);
    return response;
}

}  // namespace together::roled
