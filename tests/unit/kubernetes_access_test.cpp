// SPDX-License-Identifier: Apache-2.0
// Every verb of every resource that an API server has, in every kind of place, against a table
// written by hand: kubernetes/expected_access.txt is the requirement, common/kubernetes/policy.cpp
// the product.
#include <CppUTest/TestHarness.h>

#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "common/kubernetes/policy.h"
#include "tests/unit/support/access_tables.h"

using namespace together;
using namespace together::kubernetes;

using namespace access_tables;

namespace {

// Besides those of the discovery: what RBAC gives a meaning of its own, and what is no verb.
constexpr const char* odd_verbs[] = {"escalate", "bind", "impersonate", "use",  "proxy",
                                     "approve",  "sign", "attest",      "*",    "",
                                     "GET",      "head", "post",        "getx", "get list"};

Answer answer_to(const std::string& group, const std::string& resource, const std::string& verb,
                 const char* ns) {
    const auto it = named(group, resource);
    const AccessRequest request = {.verb = verb,
                                   .group = it.group,
                                   .resource = it.resource,
                                   .subresource = it.subresource,
                                   .name = {},
                                   .ns = ns,
                                   .path = {},
                                   .is_resource = true};
    const auto requirement = requirement_for(request, ours);
    switch (requirement.need) {
        case Need::authenticated:
            return {"anyone", "-"};
        case Need::admin:
            return {"admin", "-"};
        case Need::action:
            break;
    }
    CHECK_TRUE(permits(Role::admin, requirement.action));
    return {permits(Role::member, requirement.action) ? "member" : "admin",
            std::string(permission(requirement.action).name)};
}

// Which resources there are, with the verbs that they have.
std::set<std::pair<std::string, std::string>> resources() {
    std::set<std::pair<std::string, std::string>> all;
    for (const auto& line : lines_of("discovery.txt")) all.emplace(line.at(0), line.at(1));
    return all;
}

Answers answers_of_the_policy() {
    std::set<std::string> verbs(std::begin(odd_verbs), std::end(odd_verbs));
    for (const auto& line : lines_of("discovery.txt")) verbs.insert(line.begin() + 3, line.end());
    auto asked_about = resources();
    for (const char* odd :
         {"*", "", "Pods", "users", "groups", "serviceaccounts/*", "pods/*", "*/*"})
        for (const char* group : {"core", "apps", "*", "slinky.slurm.net"})
            asked_about.emplace(group, odd);
    Answers answers;
    for (const auto& [group, resource] : asked_about)
        for (const auto& verb : verbs)
            for (const auto& place : places)
                answers[question(group, resource, verb, place.name)] =
                    answer_to(group, resource, verb, place.ns);
    return answers;
}

}  // namespace

TEST_GROUP(kubernetes_access){};

TEST(kubernetes_access, is_what_was_written_down_and_an_admins_otherwise) {
    const auto expected = expected_answers();
    const auto answers = answers_of_the_policy();
    CHECK_TRUE(answers.size() > 10000);
    for (const auto& [question, answer] : answers) {
        const auto found = expected.find(question);
        const auto wanted = found == expected.end() ? Answer() : found->second;
        const auto text = question + ": " + answer.who + " " + answer.action + ", expected " +
                          wanted.who + " " + wanted.action;
        CHECK_TEXT(answer == wanted, text.c_str());
    }
    for (const auto& [question, answer] : expected)
        CHECK_TEXT(answers.contains(question), question.c_str());
}

TEST(kubernetes_access, of_a_member_is_in_no_namespace_of_others_but_to_see_the_cluster) {
    for (const auto& [question, answer] : answers_of_the_policy()) {
        if (answer.who != "member" || question.ends_with(" project") ||
            question.ends_with(" default"))
            continue;
        const bool sees = answer.action == "clusters.read" || answer.action == "volumes.read";
        CHECK_TEXT(sees, question.c_str());
    }
}

// Whatever the rows say: these make somebody more than a Member, wherever they are allowed.
TEST(kubernetes_access, of_a_member_has_nothing_that_makes_an_admin) {
    const std::set<std::string> groups = {
        "admissionregistration.k8s.io", "apiextensions.k8s.io",      "apiregistration.k8s.io",
        "certificates.k8s.io",          "coordination.k8s.io",       "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",    "rbac.authorization.k8s.io", "storagemigration.k8s.io"};
    const std::set<std::string> resources = {
        "nodes/proxy",  "pods/proxy", "services/proxy", "serviceaccounts/token",
        "pods/binding", "bindings",   "pods/eviction",  "pods/ephemeralcontainers",
        "users",        "groups"};
    for (const auto& [question, answer] : answers_of_the_policy()) {
        std::istringstream words(question);
        std::string group;
        std::string resource;
        words >> group >> resource;
        if (groups.contains(group) || resources.contains(resource))
            CHECK_TEXT(answer.who == "admin", question.c_str());
    }
}
