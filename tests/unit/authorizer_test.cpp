// SPDX-License-Identifier: Apache-2.0
// What together-authorizer answers: reviews of a Kubernetes API server, proxies' questions, and the
// map from methods and paths to actions.
#include <CppUTest/TestHarness.h>

#include <algorithm>
#include <set>

#include "authorizer/access_review.h"
#include "authorizer/forward_auth.h"
#include "authorizer/kubernetes_door.h"
#include "authorizer/request_map.h"
#include "common/decision/log_fields.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace together::authorizer;
using namespace std::chrono_literals;

namespace {

std::string review_of(const std::string& user, const std::string& attributes) {
    return R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1",)"
           R"("metadata":{},"spec":{)" +
           attributes + R"(,"user":")" + user +
           R"(","groups":["system:masters"]},"status":{"allowed":true}})";
}

std::string resource(const std::string& verb, const std::string& name, const std::string& ns) {
    return R"("resourceAttributes":{"verb":")" + verb + R"(","resource":")" + name +
           R"(","namespace":")" + ns + "\"}";
}

std::string path(const std::string& text) {
    return R"("nonResourceAttributes":{"verb":"get","path":")" + text + "\"}";
}

std::string shown(const AccessAnswer& answer) {
    if (answer.allowed) return answer.denied ? "both" : "allowed";
    return answer.denied ? "denied" : "no opinion";
}

}  // namespace

TEST_GROUP_BASE(authorizer, GateTest) {
    DecisionCounts counts;
    std::vector<std::string> lines;
    std::vector<std::string> told;
    Sent told_as = Sent::yes;
    RequestGate gate{clock, counts, [this](const std::string& line) { lines.push_back(line); },
                     [this](std::string_view line) {
                         if (told_as == Sent::yes) told.emplace_back(line);
                         return told_as;
                     }};
    KubernetesDoor door{gate, counts};
    ForwardAuth forward_auth{gate};

    void setup() override {
        config.kubernetes.namespaces = {"default"};
    }
    void use_config() {
        gate.use(std::make_shared<const Result<AuthorizerConfig>>(config));
    }
    AccessAnswer answer(const std::string& user, const std::string& attributes) {
        use_config();
        const auto review = read_access_review(review_of(user, attributes));
        if (!review) FAIL(review.error().message.c_str());
        return door.answer(*review, "127.0.0.1");
    }
    void answers(const char* expected, const std::string& user, const std::string& attributes) {
        TEXT_EQUAL(expected, shown(answer(user, attributes)));
    }
    http::Response ask(const std::string& query, http::Headers headers) {
        use_config();
        http::Request request;
        request.method = "GET";
        request.target = "/v1/forward-auth?" + query;
        request.headers = std::move(headers);
        return forward_auth.answer(request);
    }
};

TEST(authorizer, lets_a_member_work_and_an_admin_do_everything) {
    answers("allowed", "together:bob", resource("create", "pods", "default"));
    answers("denied", "together:bob", resource("create", "pods", "kube-system"));
    answers("denied", "together:bob", resource("create", "clusterroles", ""));
    answers("allowed", "together:alice", resource("create", "clusterroles", ""));
    answers("denied", "together:mallory", resource("list", "pods", "default"));
}

TEST(authorizer, has_no_opinion_about_users_that_are_not_ours) {
    for (const auto* user :
         {"system:admin", "alice", "", "Together:alice", "system:together:alice"})
        answers("no opinion", user, resource("create", "pods", "default"));
    config.kubernetes.username_prefix.clear();
    answers("allowed", "alice", resource("create", "pods", "default"));
    answers("no opinion", "system:admin", resource("create", "pods", "default"));
    answers("denied", "", resource("create", "pods", "default"));
}

TEST(authorizer, lets_nobody_in_for_being_called_root_or_exempt) {
    config.exempt_logins = {"root", "backup"};
    answers("denied", "together:root", resource("list", "pods", "default"));
    answers("denied", "together:backup", resource("list", "pods", "default"));
    answers("denied", "together:system:masters", resource("list", "pods", "default"));
}

TEST(authorizer, answers_discovery_to_all_of_ours) {
    answers("allowed", "together:mallory", path("/apis/apps/v1"));
    answers("denied", "together:mallory", path("/metrics"));
    answers("no opinion", "system:anonymous", path("/apis/apps/v1"));
}

TEST(authorizer, denies_during_a_lockdown_and_without_a_roster) {
    write_file(etc("lockdown"), "Incident 42\n");
    TEXT_CONTAINS("Incident 42",
                  answer("together:alice", resource("get", "pods", "default")).reason);
    CHECK_EQUAL(0, ::unlink(etc("lockdown").c_str()));
    write_file(roster.path(), "damaged");
    const auto denied = answer("together:alice", resource("get", "pods", "default"));
    TEXT_EQUAL("denied", shown(denied));
    TEXT_CONTAINS("a fault on our side", denied.reason);
    CHECK_FALSE(denied.evaluation_error.empty());
}

TEST(authorizer, has_no_opinion_while_it_only_observes) {
    config.mode = Mode::observe;
    for (const auto* user : {"together:alice", "together:mallory"}) {
        answers("no opinion", user, resource("create", "pods", "default"));
        answers("no opinion", user, path("/apis/apps/v1"));
    }
    TEXT_CONTAINS("would=deny", lines.back());
}

TEST(authorizer, logs_what_is_no_plain_allow) {
    answers("allowed", "together:bob", resource("create", "pods", "default"));
    LONGS_EQUAL(0, lines.size());
    answers("denied", "together:mallory", resource("create", "pods", "default"));
    LONGS_EQUAL(1, lines.size());
    TEXT_CONTAINS("request=\"create pods in default\"", lines.front());
}

TEST(authorizer, logs_a_refusal_whatever_its_client_names) {
    const std::string longest(230'000, 'n');
    answers("denied", "together:mallory", resource("create", "pods", longest));
    std::string escaped;
    for (int i = 0; i < 40'000; ++i) escaped += "\u00e9";
    answers("denied", "together:mallory", resource("create", "pods", escaped));
    answers("denied", "together:" + longest, resource("create", "pods", escaped));
    answers("denied", "together:" + escaped, resource("create", "pods", escaped));
    LONGS_EQUAL(4, lines.size());
    // One datagram, of which who counts decisions reads eight kilobytes.
    for (const auto& line : lines) CHECK(line.size() < 8192);
}

TEST(authorizer, tells_plain_allows_of_a_person_together) {
    gate.turn();
    for (int i = 0; i < 3; ++i)
        answers("allowed", "together:bob", resource("create", "pods", "default"));
    answers("allowed", "together:alice", resource("create", "pods", "default"));
    gate.turn();
    LONGS_EQUAL(0, told.size());
    clock.tick(PlainAllows::told_every);
    gate.turn();
    std::sort(told.begin(), told.end());
    LONGS_EQUAL(2, told.size());
    TEXT_EQUAL("1", field_in(told[0], "times"));
    TEXT_EQUAL("bob", field_in(told[1], "login"));
    TEXT_EQUAL("kubernetes", field_in(told[1], "service"));
    TEXT_EQUAL("role_permits", field_in(told[1], "reason"));
    TEXT_EQUAL("3", field_in(told[1], "times"));
    clock.tick(PlainAllows::told_every);
    gate.turn();
    LONGS_EQUAL(2, told.size());
}

TEST(authorizer, tells_the_rest_of_its_allows_at_its_end) {
    gate.turn();
    answers("allowed", "together:bob", resource("create", "pods", "default"));
    gate.finish();
    LONGS_EQUAL(1, told.size());
}

TEST(authorizer, keeps_what_a_full_queue_does_not_take_and_forgets_what_nobody_reads) {
    answers("allowed", "together:bob", resource("create", "pods", "default"));
    told_as = Sent::queue_full;
    gate.turn();
    told_as = Sent::yes;
    gate.turn();
    LONGS_EQUAL(1, told.size());
    answers("allowed", "together:bob", resource("create", "pods", "default"));
    told_as = Sent::nobody_there;
    gate.finish();
    told_as = Sent::yes;
    gate.finish();
    LONGS_EQUAL(1, told.size());
}

TEST(authorizer, tells_of_everybody_though_the_queue_takes_few_and_all_go_on) {
    std::set<std::string> seen;
    int room = 0;
    PlainAllows allows([&](std::string_view line) {
        if (room-- <= 0) return Sent::queue_full;
        seen.insert(field_in(line, "login"));
        return Sent::yes;
    });
    Decision decision;
    for (auto now = 0s; now < 40s; now += 1s) {
        for (int person = 0; person < 100; ++person) {
            decision.login = "p" + std::to_string(person);
            allows.add("kubernetes", "", decision);
        }
        room = 10;
        allows.turn(now);
    }
    LONGS_EQUAL(100, seen.size());
}

TEST(authorizer, counts_without_naming_anybody) {
    answers("denied", "together:mallory", resource("create", "pods", "default"));
    TEXT_CONTAINS("verdict=\"deny\",reason=\"not_a_collaborator\"} 1", counts.text());
    CHECK_TRUE(counts.text().find("mallory") == std::string::npos);
}

TEST(authorizer, gives_the_review_back_with_its_own_status) {
    const auto review =
        read_access_review(review_of("together:mallory", resource("get", "pods", "default")));
    const auto text = answered(
        *review, {.allowed = false, .denied = true, .reason = "a \"b\"", .evaluation_error = {}});
    TEXT_CONTAINS(R"("status":{"allowed":false,"denied":true,"reason":"a \"b\""}})", text);
    CHECK_TRUE(text.find("\"allowed\":true") == std::string::npos);
    TEXT_CONTAINS(R"("user":"together:mallory")", text);
}

TEST(authorizer, refuses_what_is_no_review) {
    const auto good = resource("get", "pods", "default");
    for (const auto& body : std::vector<std::string>{
             "", "{}", "[]", "null", "1", R"({"kind":"SubjectAccessReview"})",
             review_of("a", good + "," + path("/x")), review_of("a", "\"x\":1"),
             review_of("a", good + R"(,"user":"b")"), review_of("a", R"("resourceAttributes":[])"),
             review_of("a", R"("resourceAttributes":{"verb":1})"),
             review_of("a", R"("resourceAttributes":{"resource":"pods"})"),
             review_of("a", good + R"(,"extra":[])"), review_of("a", good) + "x"})
        CHECK_FALSE_TEXT(read_access_review(body).has_value(), body.c_str());
    CHECK_TRUE(read_access_review(review_of("a", good + R"(,"new":{"x":[1]})")).has_value());
}

TEST(authorizer, tells_a_proxy_who_it_is) {
    const auto let_in = ask("action=kubernetes.dashboard", {{"x-forwarded-user", "bob"}});
    LONGS_EQUAL(200, let_in.status);
    TEXT_EQUAL("Together-Role", let_in.headers.back().first);
    TEXT_EQUAL("member", let_in.headers.back().second);
    LONGS_EQUAL(403, ask("action=clusters.scale", {{"x-forwarded-user", "bob"}}).status);
    LONGS_EQUAL(403, ask("action=ssh.login", {{"x-forwarded-user", "root"}}).status);
    LONGS_EQUAL(401, ask("action=ssh.login", {}).status);
    LONGS_EQUAL(401, ask("action=ssh.login", {{"x-forwarded-user", ""}}).status);
    LONGS_EQUAL(
        400, ask("action=ssh.login", {{"x-forwarded-user", "alice"}, {"x-forwarded-user", "alice"}})
                 .status);
    for (const auto* query : {"", "action=", "action=x", "action=billing.read", "map", "x=y",
                              "action=ssh.login&action=ssh.login"})
        LONGS_EQUAL_TEXT(400, ask(query, {{"x-forwarded-user", "alice"}}).status, query);
    write_file(roster.path(), "damaged");
    LONGS_EQUAL(503, ask("action=ssh.login", {{"x-forwarded-user", "alice"}}).status);
}

TEST(authorizer, escapes_what_it_shows_on_a_page) {
    const auto page =
        ask("action=ssh.login", {{"x-forwarded-user", "<script>"}, {"accept", "text/html"}});
    TEXT_CONTAINS("&lt;script&gt;", std::string(page.body.view()));
    CHECK_TRUE(page.body.view().find("<script>") == std::string_view::npos);
}

TEST(authorizer, decides_a_control_planes_requests_by_the_map) {
    forward_auth.use(
        *RequestMap::parse("GET /v1/clusters/** clusters.read\n"
                           "POST /v1/clusters/*/scale clusters.scale\n",
                           "map"));
    const auto status = [&](const char* user, const char* method, const char* uri) {
        return ask("map", {{"x-forwarded-user", user},
                           {"x-forwarded-method", method},
                           {"x-forwarded-uri", uri}})
            .status;
    };
    LONGS_EQUAL(200, status("bob", "GET", "/v1/clusters/7?x=1"));
    LONGS_EQUAL(403, status("bob", "POST", "/v1/clusters/7/scale"));
    LONGS_EQUAL(200, status("alice", "POST", "/v1/clusters/7/scale"));
    LONGS_EQUAL(403, status("bob", "GET", "/v1/users"));
    LONGS_EQUAL(200, status("alice", "GET", "/v1/users"));
    LONGS_EQUAL(403, status("mallory", "GET", "/v1/clusters/7"));
    LONGS_EQUAL(400, ask("map", {{"x-forwarded-user", "bob"}}).status);
    LONGS_EQUAL(403, ask("map", {{"x-forwarded-user", "bob"},
                                 {"x-forwarded-method", "GET"},
                                 {"x-forwarded-uri", "/v1/clusters/7"},
                                 {"x-http-method-override", "DELETE"}})
                         .status);
}

TEST(authorizer, has_no_path_slip_past_a_row) {
    for (const auto* sneaky :
         {"/v1/clusters/../users", "/v1//clusters", "/v1/clusters/%2e%2e/x", "/v1/clusters/a%2Fb",
          "/v1/clusters;x=1", "/v1/clusters/a%3bb", "/v1\\clusters", "/v1/clusters/%5c",
          "v1/clusters", "http://h/v1/clusters", "/v1/clusters/%00", "/v1/clusters/%zz",
          "/v1/clusters/%", "/v1/clusters/%252e", "/v1/clusters/.", "/v1/clusters//",
          "/v1/clusters#x", ""})
        CHECK_FALSE_TEXT(segments_of(sneaky).has_value(), sneaky);
    CHECK_TRUE(segments_of("/v1/%63lusters/?a=/../") == segments_of("/v1/clusters"));
}

TEST(authorizer, names_the_line_of_the_map_that_is_wrong) {
    for (const auto* line :
         {"GET /v1", "get /v1 clusters.read", "GET v1 clusters.read", "GET /v1 clusters.fly",
          "GET /v1/a* clusters.read", "GET /**/x clusters.read", "GET /v1 billing.read",
          "GET /v1/ clusters.read"}) {
        const auto map = RequestMap::parse("# first\n" + std::string(line) + "\n", "m");
        CHECK_FALSE_TEXT(map.has_value(), line);
        TEXT_CONTAINS("m:2: ", map.error().message);
    }
}
