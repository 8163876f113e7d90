// SPDX-License-Identifier: Apache-2.0
#include "authorizer/forward_auth.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "common/decision/explanation.h"
#include "common/decision/role_environment.h"

namespace together::authorizer {
namespace {

using http::Request;
using http::Response;

// What the proxy's request is to be decided as.
struct Wanted {
    Action action;
    bool require_admin = false;
    std::string what;
};

Response plain(unsigned status, const std::string& sentence) {
    Response response;
    response.status = status;
    response.headers = {{"Cache-Control", "no-store"}};
    response.content_type = "text/plain; charset=utf-8";
    response.body = sentence + "\n";
    return response;
}

// The one value of one of these headers; nothing where there is none.
Result<std::optional<std::string>> only_value(const Request& request,
                                              std::initializer_list<std::string_view> names) {
    std::optional<std::string> found;
    for (const auto& [name, value] : request.headers) {
        if (std::find(names.begin(), names.end(), name) == names.end()) continue;
        if (found)
            return failure("the header " + std::string(*names.begin()) + " came more than once");
        found = value;
    }
    return found;
}

std::string_view query_of(const Request& request) {
    const auto mark = request.target.find('?');
    return mark == std::string::npos ? std::string_view()
                                     : std::string_view(request.target).substr(mark + 1);
}

// An application behind the proxy may take this for the method, in place of the one that we see.
bool names_another_method(const Request& request) {
    constexpr auto names = std::to_array<std::string_view>(
        {"x-http-method-override", "x-http-method", "x-method-override"});
    return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& one) {
        return std::find(names.begin(), names.end(), one.first) != names.end();
    });
}

Result<Wanted> wanted_by_map(const Request& request, const std::optional<RequestMap>& map) {
    if (!map) return failure("there is no usable [http] map_file");
    const auto method = only_value(request, {"x-forwarded-method", "x-original-method"});
    if (!method) return tl::unexpected(method.error());
    const auto target = only_value(request, {"x-forwarded-uri", "x-original-uri"});
    if (!target) return tl::unexpected(target.error());
    if (!*method || !*target) return failure("X-Forwarded-Method or X-Forwarded-Uri is missing");
    const auto path = (*target)->substr(0, (*target)->find('?'));
    Wanted wanted{Action::clusters_read, true, **method + " " + path};
    if (names_another_method(request)) return wanted;
    if (const auto action = map->action_of(**method, **target)) {
        wanted.action = *action;
        wanted.require_admin = false;
    }
    return wanted;
}

Result<Wanted> wanted(const Request& request, const std::optional<RequestMap>& map) {
    constexpr std::string_view by_name = "action=";
    const auto query = query_of(request);
    if (query == "map") return wanted_by_map(request, map);
    if (!query.starts_with(by_name)) return failure("the query is neither action=ACTION nor map");
    const auto name = query.substr(by_name.size());
    const auto action = action_named(name);
    // Nodes know the roles of a project, and not those of its organization.
    if (!action || permission(*action).level != Level::project)
        return failure("\"" + std::string(name.substr(0, 64)) + "\" is no action of a project");
    return Wanted{*action, false, std::string(name)};
}

bool wants_html(const Request& request) {
    const auto accept = http::header(request, "accept");
    return accept && accept->find("text/html") != std::string::npos;
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

Response refusal(const Request& request, const Decision& decision) {
    const auto message = message_for_user(decision);
    auto response = plain(decision.verdict == Verdict::deny ? 403 : 503, message);
    if (response.status == 503) response.headers.emplace_back("Retry-After", "5");
    if (!wants_html(request)) return response;
    const std::string title = response.status == 403 ? "Access denied" : "Access cannot be decided";
    response.content_type = "text/html; charset=utf-8";
    response.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
    response.body = "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>" + title +
                    "</title>\n<h1>" + title + "</h1>\n<p>" + escaped(message) + "</p>\n</html>\n";
    return response;
}

Response let_in(const std::string& login, const Decision& decision) {
    auto response = plain(200, "allowed");
    response.headers.emplace_back("Together-User", login);
    // As a session is told: not where observe mode alone lets somebody in.
    for (const auto& [name, value] : role_environment(decision))
        if (std::string_view(name) == "TOGETHER_ROLE" && !value.empty())
            response.headers.emplace_back("Together-Role", value);
    return response;
}

}  // namespace

Response ForwardAuth::answer(const Request& request) {
    const auto user = only_value(request, {"x-forwarded-user"});
    if (!user) return plain(400, user.error().message);
    if (!*user || (*user)->empty()) return plain(401, "no user: X-Forwarded-User is missing");
    const auto asked = wanted(request, map_);
    if (!asked) return plain(400, asked.error().message);
    const auto decision = gate_.decide(
        {"http", **user, asked->action, asked->require_admin, request.peer, asked->what});
    return decision.allowed() ? let_in(**user, decision) : refusal(request, decision);
}

}  // namespace together::authorizer
