// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/request_generator.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <stdexcept>

#include "common/roles/permissions.h"
#include "role_server/access/credentials.h"
#include "role_server/messages/json.h"

namespace together::fuzz {
namespace {

using namespace std::string_literals;

// A good body of each route that takes one; $NAME stands for something of the world.
const std::map<std::string, std::string, std::less<>> bodies{
    {"POST /v1/authorize", R"({"project_id": "$PROJECT", "login": "$LOGIN", "action": "$ACTION"})"},
    {"POST /access/v1/evaluation",
     R"({"subject": {"type": "user", "id": "$LOGIN"}, "action": {"name": "$ACTION"},
         "resource": {"type": "project", "id": "$PROJECT"}})"},
    {"POST /access/v1/evaluations",
     R"({"subject": {"type": "user", "id": "$USER"}, "resource": {"type": "project", "id": "$PROJECT"},
         "evaluations": [{"action": {"name": "$ACTION"}}, {"action": {"name": "$ACTION"}}]})"},
    {"POST /v1/kubernetes/tokenreviews",
     R"({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "$TOKEN"}})"},
    {"PATCH /v1/users/me", R"({"name": "Somebody"})"},
    {"POST /v1/users/me/tokens", R"({"name": "laptop", "audience": "$PROJECT"})"},
    {"POST /v1/users/me/ssh_keys",
     R"({"name": "k", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h"})"},
    {"POST /v1/invitations/accept", R"({"token": "$INVITATION", "login": "newcomer"})"},
    {"PATCH /v1/organizations/{org}",
     R"({"name": "Acme", "external_collaborators": true, "allocate_uids": true, "first_id": 10000,
         "last_id": 59999, "reserved_logins": ["ceph"]})"},
    {"PATCH /v1/organizations/{org}/billing", R"({"contact_email": "pay@example.com"})"},
    {"PATCH /v1/organizations/{org}/members/{user}", R"({"role": "admin", "uid": 10123})"},
    {"POST /v1/organizations/{org}/leave", R"({})"},
    {"POST /v1/organizations/{org}/invitations",
     R"({"email": "guest@example.com", "role": "member", "until": 4000000000})"},
    {"POST /v1/organizations/{org}/projects", R"({"name": "another", "group": "p-another"})"},
    {"PATCH /v1/projects/{proj}", R"({"name": "cluster 2", "group": "p-cluster2"})"},
    {"POST /v1/projects/{proj}/join", R"({})"},
    {"POST /v1/projects/{proj}/leave", R"({})"},
    {"POST /v1/projects/{proj}/collaborators", R"({"user_id": "$OUTSIDER", "role": "member"})"},
    {"PATCH /v1/projects/{proj}/collaborators/{user}", R"({"role": "admin", "until": 4000000000})"},
    {"POST /v1/projects/{proj}/api_keys",
     R"({"name": "x", "scopes": ["costs.read", "authorize"]})"},
    {"POST /v1/projects/{proj}/last_seen",
     R"({"data": [{"user_id": "$USER", "door": "ssh", "seen_at": 1700000000}]})"},
    {"POST /v1/projects/{proj}/node_keys", R"({"name": "nodes", "expires_at": 4000000000})"},
};

constexpr std::array methods{"GET",     "HEAD", "POST",    "PATCH", "DELETE", "PUT", "OPTIONS",
                             "CONNECT", "get",  "GET GET", "TRACE", "G@T",    "",    "PROPFIND"};
constexpr std::array versions{"HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.2",
                              "http/1.1", "HTTP/1.",  "",         "HTTP/1.1 "};
const std::array bad_text{"\""s,
                          "\\"s,
                          "\0"s,
                          "\\u0000"s,
                          "\\ud800"s,
                          "\xff"s,
                          "\xed\xa0\x80"s,
                          "\n"s,
                          "\x1b[31m"s,
                          "\xef\xbb\xbf"s,
                          "'; DROP"s,
                          "%00"s,
                          "../.."s,
                          "\xe2\x80\xae"s,
                          "{}"s,
                          "/*x*/"s,
                          "NaN"s,
                          "1e999"s,
                          "\xc3\xa9"s,
                          "\t"s,
                          "[[[[[[[["s,
                          "\xf0\x9f\x98\x80"s,
                          " "s,
                          "18446744073709551616"s};
const std::array fields{"name",   "login",   "email",    "role",      "uid",   "until",  "token",
                        "scopes", "user_id", "audience", "suspended", "group", "action", "nobody"};
// In place of a body, or somewhere in it, so that whoever misjudges its length reads this.
constexpr std::string_view hidden_request =
    "DELETE /v1/users/me HTTP/1.1\r\nHost: smuggled\r\n\r\n";

std::string name_of(const roled::Route& route) {
    return std::string(route.method) + ' ' + std::string(route.path);
}

bool takes_body(const roled::Route& route) {
    return route.method == "POST" || route.method == "PATCH";
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

std::string in_hexadecimal(std::size_t number) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%zx", number);
    return text.data();
}

}  // namespace

RequestGenerator::RequestGenerator(const World& world, unsigned seed)
    : world_(world), random_(seed) {
    for (const auto& route : roled::routes())
        if (takes_body(route) && !bodies.contains(name_of(route)))
            throw std::runtime_error("tests/fuzz/request_generator.cpp has no body for " +
                                     name_of(route));
}

Stream RequestGenerator::next() {
    Stream stream;
    bool refused = false;
    for (auto left = 1 + below(1 + below(4)); left > 0; --left) {
        auto one = request();
        add_headers(one);
        add_framing(one);
        refused = refused || one.refused;
        if (!refused) ++stream.max_requests;
        stream.bytes += one.method + ' ' + one.target + ' ' + one.version + "\r\n" + one.headers +
                        "\r\n" + one.body;
    }
    if (one_in(8)) {
        for (auto changes = 1 + below(3); changes > 0; --changes) change_bytes(stream.bytes);
        stream.changed = true;
    }
    return stream;
}

RequestGenerator::Request RequestGenerator::request() {
    const auto& route = any(roled::routes());
    Request request;
    careful_ = one_in(2);
    request.needs_no_key = route.access == roled::Access::invited;
    request.method = odd(16) ? any(methods) : std::string(route.method);
    if (request.method == "GET" && one_in(6)) request.method = "HEAD";
    request.target = target_of(route);
    if (odd(40)) request.version = any(versions);
    if (takes_body(route) || one_in(12)) request.body = body_of(route);
    return request;
}

// --- the target ----------------------------------------------------------------------------

std::string RequestGenerator::target_of(const roled::Route& route) {
    std::string target;
    for (std::string_view rest = route.path; !rest.empty();) {
        rest.remove_prefix(1);
        const auto part = rest.substr(0, rest.find('/'));
        rest.remove_prefix(part.size());
        target += '/' + (part.starts_with('{') ? segment_for(part) : std::string(part));
    }
    target += query_of(route);
    if (!odd(10)) return target;
    switch (below(6)) {
        case 0:
            target.insert(below(target.size()), any(bad_text));
            break;
        case 1:
            target.insert(below(target.size()), below(5000), 'a');
            break;
        case 2:
            target = "http://localhost" + target;
            break;
        case 3:
            target = any(std::array{"*"s, ""s, "/"s, "//"s, "/v1//whoami"s, "/v1/%2e%2e/whoami"s,
                                    "/v1/../v1/whoami"s, "/v1/whoami/"s, "/v1/whoami#x"s});
            break;
        case 4:
            target += any(std::array{"?"s, "&"s, "%"s, "%zz"s, "\t"s, "\x7f"s, "\xc3\xa9"s, ";"s});
            break;
        default:
            target.resize(below(target.size()));
    }
    return target;
}

std::string RequestGenerator::segment_for(std::string_view placeholder) {
    if (odd(16)) return any(std::array{"x"s, "proj_%00"s, "me"s, std::string(300, 'a')});
    if (placeholder == "{org}") return one_in(8) ? world_.other_organization : world_.organization;
    if (placeholder == "{proj}") return one_in(8) ? world_.other_project : world_.project;
    if (placeholder == "{user}") return any(world_.users);
    if (placeholder == "{key}") return one_in(8) ? any(world_.tokens) : any(world_.keys);
    if (placeholder == "{inv}") return any(world_.invitations);
    return std::string(any(permissions()).name);
}

std::string RequestGenerator::query_of(const roled::Route& route) {
    std::string query;
    for (auto left = one_in(3) ? 1 + below(3) : 0; left > 0; --left) {
        const std::string name =
            odd(8)                    ? any(std::array{"x"s, "limit"s, "%6cimit"s, "dry_run"s, ""s})
            : route.change != nullptr ? "dry_run"
            : route.parameters[0].empty() || one_in(2) ? any(std::array{"limit"s, "after"s})
                                                       : std::string(any(route.parameters));
        const auto value = name == "dry_run"   ? any(std::array{"true"s, "true"s, "false"s, "1"s})
                           : name == "limit"   ? any(std::array{"1"s, "1000"s, "0"s, "-1"s, "1e3"s})
                           : name == "include" ? any(std::array{"accounts"s, "all"s, ""s})
                           : name == "since"   ? any(std::array{"1"s, "1e3"s, "99999999999"s, ""s})
                           : name == "format"
                               ? any(std::array{"csv"s, "json"s, "CSV"s})
                               : any(std::array{"1"s, "user_a"s, "%C3%A9"s, "%00"s, "~"s});
        query += (query.empty() ? "?" : "&") + name + (odd(30) ? "" : "=" + value);
    }
    return query;
}

// --- the body ------------------------------------------------------------------------------

std::string RequestGenerator::body_of(const roled::Route& route) {
    const auto found = bodies.find(name_of(route));
    auto text = found == bodies.end() ? std::string(hidden_request) : found->second;
    replace_all(text, "$PROJECT", one_in(8) ? world_.other_project : world_.project);
    replace_all(text, "$LOGIN", any(world_.logins));
    replace_all(text, "$USER", any(world_.users));
    replace_all(text, "$ACTION", std::string(any(permissions()).name));
    replace_all(text, "$TOKEN", any(world_.tokens));
    replace_all(text, "$INVITATION", world_.invitation);
    replace_all(text, "$OUTSIDER", world_.outsider);
    if (careful_ || one_in(4)) return text;
    if (auto value = roled::as_json(text); value.isObject() && !one_in(5)) {
        for (auto changes = 1 + below(2); changes > 0; --changes) mutate(value);
        text = roled::to_text(value);
    }
    if (one_in(3)) spoil_text(text);
    return text;
}

void RequestGenerator::mutate(Json::Value& value) {
    if (!value.isObject()) return void(value = any_value());
    const auto names = value.getMemberNames();
    const auto name = names.empty() || one_in(3) ? std::string(any(fields)) : any(names);
    switch (below(4)) {
        case 0:
            value.removeMember(name);
            break;
        case 1:
            mutate(value[name]);
            break;
        default:
            value[name] = any_value();
    }
}

Json::Value RequestGenerator::any_value() {
    switch (below(12)) {
        case 0:
            return {};
        case 1:
            return one_in(2);
        case 2:
            return Json::Value(static_cast<Json::Int64>(
                any(std::array<std::int64_t, 6>{0, -1, 10'001, 65'534, INT64_MAX, INT64_MIN})));
        case 3:
            return 1.5;
        case 4:
            return std::string(below(3000), 'x');
        case 5:
            return any(bad_text);
        case 6:
            return any(world_.users);
        case 7:
            return any(world_.logins);
        case 8:
            return any(world_.tokens);
        case 9:
            return any(std::array{"admin", "member", "owner", "zoe@example.com", "root"});
        case 10: {
            Json::Value list(Json::arrayValue);
            for (auto left = below(4); left > 0; --left) list.append(any_value());
            return list;
        }
        default: {
            Json::Value deep;
            for (auto left = 1 + below(one_in(8) ? 300 : 4); left > 0; --left) {
                Json::Value outer;
                outer[any(fields)] = deep;
                deep = outer;
            }
            return deep;
        }
    }
}

// So that it may be JSON no longer.
void RequestGenerator::spoil_text(std::string& text) {
    switch (below(6)) {
        case 0:
            text.insert(below(text.size() + 1), any(bad_text));
            break;
        case 1:
            text.insert(0, "\xef\xbb\xbf");
            break;
        case 2:
            text += any(std::array{" x"s, "\0"s, "{}"s, "//"s, std::string(hidden_request)});
            break;
        case 3:
            // A field twice.
            text.insert(std::min<std::size_t>(1, text.size()), R"("name": "twice", "name": 1, )");
            break;
        case 4:
            text = std::string(below(one_in(4) ? 70'000 : 2'000), any("[{\" 0"s));
            break;
        default:
            text.resize(below(text.size() + 1));
    }
}

// --- headers -------------------------------------------------------------------------------

// The Owner more often than others: nobody else may so much.
std::string RequestGenerator::bearer(const std::string& token) {
    return "Authorization: Bearer " + (one_in(2) ? world_.tokens.front() : token) + "\r\n";
}

std::string RequestGenerator::authorization(const Request& request) {
    auto token = any(world_.tokens);
    if (one_in(request.needs_no_key ? 2 : 12)) return {};
    if (careful_) return bearer(token);
    switch (below(16)) {
        case 1:
            token = roled::mint(roled::KeyKind::user).token;  // a good form, and nobody's
            break;
        case 2:
            token[20] = token[20] == 'a' ? 'b' : 'a';  // its checksum is wrong
            break;
        case 3:
            token = any(bad_text) + token;
            break;
        case 4:
            return "Authorization: Basic " + token + "\r\n";
        case 5:
            return "authorization:bearer  " + token + " \r\n";
        default:
            break;
    }
    return bearer(token);
}

void RequestGenerator::add_headers(Request& request) {
    auto& headers = request.headers;
    if (odd(20)) {
        headers += any(std::array{"Host: a/b@c d\r\n"s, "Host: [::1\r\n"s, "Host:\r\n"s});
        request.refused = true;
    } else if (!odd(60)) {
        headers += "Host: localhost:8480\r\n";
    }
    headers += authorization(request);
    if (!request.body.empty() && !odd(20)) headers += "Content-Type: application/json\r\n";
    if (one_in(12)) headers += "Idempotency-Key: k" + std::to_string(below(4)) + "\r\n";
    if (one_in(16)) headers += any(std::array{"If-Match: *\r\n"s, "If-Match: \"x\", W/\"y\"\r\n"s});
    if (one_in(16)) headers += any(std::array{"If-None-Match: *\r\n"s, "If-None-Match: \"\r\n"s});
    if (one_in(16)) headers += any(std::array{"Prefer: wait=5\r\n"s, "Prefer: wait=-1, wait\r\n"s});
    if (one_in(30)) headers += any(std::array{"Expect: 100-continue\r\n"s, "Expect: 200-ok\r\n"s});
    if (one_in(20)) headers += any(std::array{"Connection: close\r\n"s, "Connection: x, \r\n"s});
    if (one_in(30)) headers += "X-Text: " + any(bad_text) + "\r\n";
    if (one_in(60)) headers += "X-Long: " + std::string(below(20'000), 'x') + "\r\n";
    if (!odd(16)) return;
    request.refused = true;
    headers += any(std::array{"X-Folded: a\r\n x-unwanted: b\r\n"s,
                              "X-Folded: a\r\n\tx-unwanted\r\n"s, "X-Unwanted : a\r\n"s,
                              "X-CR: a\rX-Unwanted: b\r\n"s, "Host: twice\r\nHost: twice\r\n"s,
                              "Authorization: a\r\nAuthorization: b\r\n"s, "no colon\r\n"s,
                              "X-NUL: a\0b\r\n"s, ": x\r\n"s, "X(Y): z\r\n"s});
}

void RequestGenerator::add_framing(Request& request) {
    if (odd(10)) return add_ambiguous_framing(request);
    if (one_in(6)) return add_chunked(request);
    if (request.body.empty() && !one_in(6)) return;
    request.headers += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
}

void RequestGenerator::add_chunked(Request& request) {
    request.headers += "Transfer-Encoding: chunked\r\n";
    if (request.version != "HTTP/1.1") request.refused = true;
    std::string chunks;
    for (std::string_view rest = request.body; !rest.empty();) {
        const auto size = 1 + below(rest.size());
        chunks += in_hexadecimal(size) + (one_in(6) ? ";x=\"y\"" : "") + "\r\n" +
                  std::string(rest.substr(0, size)) + "\r\n";
        rest.remove_prefix(size);
    }
    chunks += "0\r\n";
    if (one_in(2)) chunks += "X-Unwanted: a\r\n";
    if (one_in(4)) chunks += "Authorization: Bearer " + world_.tokens.front() + "\r\n";
    if (odd(4)) chunks += "Content-Length: 5\r\n";
    request.body = chunks + "\r\n";
}

// What some take for one length and others for another: nobody may be asked about it.
void RequestGenerator::add_ambiguous_framing(Request& request) {
    request.refused = true;
    const auto length = std::to_string(request.body.size());
    request.headers += any(std::array{
        "Content-Length: " + length + "\r\nContent-Length: " + length + "0\r\n",
        "Content-Length: " + length + "\r\ncontent-length: " + length + "\r\n",
        "Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: " + length + "\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"s,
        "Transfer-Encoding: gzip, chunked\r\n"s, "Transfer-Encoding: chunked, identity\r\n"s,
        "Transfer-Encoding: xchunked\r\n"s, "Transfer-Encoding: \x0b"s + "chunked\r\n",
        "Content-Length: +" + length + "\r\n", "Content-Length: " + length + ", " + length + "\r\n",
        "Content-Length: 0x" + length + "\r\n", "Content-Length: -1\r\n"s, "Content-Length:\r\n"s,
        "Content-Length: 99999999999999999999\r\n"s});
    request.body = "0\r\n\r\n" + std::string(hidden_request) + request.body;
}

// --- bytes -----------------------------------------------------------------------------------

void RequestGenerator::change_bytes(std::string& bytes) {
    if (bytes.empty()) return;
    const auto at = below(bytes.size());
    switch (below(6)) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 1:
            bytes[at] = static_cast<char>(random_());
            break;
        case 2:
            bytes.erase(at, 1 + below(12));
            break;
        case 3:
            bytes.insert(at, any(bad_text));
            break;
        case 4:
            bytes.insert(at, bytes.substr(below(bytes.size()), below(300)));
            break;
        default:
            bytes.resize(at);
    }
}

}  // namespace together::fuzz
