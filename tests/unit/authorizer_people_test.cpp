// SPDX-License-Identifier: Apache-2.0
// Every verb of every resource that an API server has, in every kind of place, by everybody who may
// come: through the door, as the API server is answered.
#include <CppUTest/TestHarness.h>

#include <memory>
#include <string>
#include <vector>

#include "authorizer/kubernetes_door.h"
#include "tests/unit/support/access_tables.h"
#include "tests/unit/support/gate_test.h"

using namespace together;
using namespace together::authorizer;
using namespace access_tables;

namespace {

enum class Person { admin, member, nobody_of_ours, not_ours };

struct Somebody {
    const char* user;
    Person person;
};
constexpr Somebody people[] = {
    {"together:alice", Person::admin},
    {"together:bob", Person::member},
    {"together:erin", Person::member},             // external
    {"together:mallory", Person::nobody_of_ours},  // was never on the roster
    {"together:rachel", Person::nobody_of_ours},   // was removed
    {"together:carlos", Person::nobody_of_ours},   // has a role that nobody knows
    {"together:root", Person::nobody_of_ours},
    {"together:", Person::nobody_of_ours},
    {"together:system:masters", Person::nobody_of_ours},
    {"bob", Person::not_ours},
    {"elsewhere:alice", Person::not_ours},
    {"system:anonymous", Person::not_ours},
    {"system:serviceaccount:team:default", Person::not_ours},
    {"system:kube-controller-manager", Person::not_ours},
    {"system:together:alice", Person::not_ours},
    {"", Person::not_ours},
};

const char* expected_of(Person person, const Answer& answer) {
    switch (person) {
        case Person::admin:
            return "allowed";
        case Person::member:
            return answer.who == "admin" ? "denied" : "allowed";
        case Person::nobody_of_ours:
            return answer.who == "anyone" ? "allowed" : "denied";
        case Person::not_ours:
            return "no opinion";
    }
    return "";
}

const char* shown(const AccessAnswer& answer) {
    if (answer.allowed) return answer.denied ? "both" : "allowed";
    return answer.denied ? "denied" : "no opinion";
}

}  // namespace

TEST_GROUP_BASE(authorizer_people, GateTest) {
    DecisionCounts counts;
    RequestGate gate{clock, counts, [](const std::string&) {},
                     [](std::string_view) { return Sent::nobody_there; }};
    KubernetesDoor door{gate, counts};

    void setup() override {
        config.kubernetes.namespaces = ours;
        auto& entries = roster.content.entries;
        entries.push_back(entry("erin", 10005));
        entries.back().external = true;
        entries.push_back(entry("carlos", 10006, "janitor"));
        const auto without = entries;
        entries.push_back(entry("rachel", 10007, "admin"));
        roster.write(clock.now());
        gate.use(std::make_shared<const Result<AuthorizerConfig>>(config));
        STRCMP_EQUAL("allowed", asked("together:rachel", "core", "nodes", "delete", ""));
        entries = without;
        roster.write(clock.now());
    }
    const char* asked(const char* user, const std::string& group, const std::string& resource,
                      const std::string& verb, const char* ns) {
        const auto it = named(group, resource);
        AccessReview review;
        review.user = user;
        review.verb = verb;
        review.group = it.group;
        review.resource = it.resource;
        review.subresource = it.subresource;
        review.ns = ns;
        return shown(door.answer(review, "127.0.0.1"));
    }
    void walk(const Somebody& somebody, const Answers& expected) {
        for (const auto& line : lines_of("discovery.txt"))
            for (std::size_t verb = 3; verb < line.size(); ++verb)
                for (const auto& place : places) {
                    const auto what = question(line[0], line[1], line[verb], place.name);
                    const auto found = expected.find(what);
                    const auto answer = found == expected.end() ? Answer() : found->second;
                    const auto text = std::string(somebody.user) + ": " + what;
                    STRCMP_EQUAL_TEXT(expected_of(somebody.person, answer),
                                      asked(somebody.user, line[0], line[1], line[verb], place.ns),
                                      text.c_str());
                }
    }
};

TEST(authorizer_people, are_answered_as_was_written_down) {
    const auto expected = expected_answers();
    for (const auto& somebody : people) walk(somebody, expected);
}
