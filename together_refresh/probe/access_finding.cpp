// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/access_finding.h"

#include <array>

#include "common/roles/identifiers.h"
#include "common/system/duration.h"
#include "strict_json/strict_json.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto clock_tolerance = 5s;

constexpr std::array<std::string_view, number_of_access_checks> check_names = {
    "authority", "tls", "token", "project", "clock", "revision"};
constexpr std::array<std::string_view, number_of_access_results> result_names = {
    "ok", "information", "warning", "failure", "is"};

// What /whoami says of a token; empty where it says nothing that we understand.
struct TokenOwner {
    std::string type;
    std::string project;
};

TokenOwner owner_in(const HttpAnswer& answer) {
    if (answer.status != 200 || !is_json(answer)) return {};
    const auto root = parse_strict_json(answer.body, {1000, 32});
    if (!root || !root->isObject() || !(*root)["type"].isString()) return {};
    TokenOwner owner;
    owner.type = (*root)["type"].asString();
    if ((*root)["project_id"].isString()) owner.project = (*root)["project_id"].asString();
    // What is no identifier is not repeated.
    if (!owner.project.empty() && !is_project(owner.project)) return {};
    return owner;
}

}  // namespace

std::string_view name_of(AccessCheck check) {
    return check_names[static_cast<std::size_t>(check)];
}

std::string_view name_of(AccessResult result) {
    return result_names[static_cast<std::size_t>(result)];
}

AccessFinding why_no_answer(const HttpAnswer& roster) {
    return {roster.tls_failed ? AccessCheck::tls : AccessCheck::authority, AccessResult::failure,
            roster.error};
}

AccessFinding judge_answer(const HttpAnswer& roster, Nanoseconds took, Nanoseconds deadline) {
    using enum AccessResult;
    if (outcome_of(roster) == HttpOutcome::try_again)
        return {AccessCheck::authority, failure, describe(roster)};
    const std::string time = format_age(took);
    if (took > deadline)
        return {AccessCheck::authority, warning,
                "it answers after " + time + ", and a login waits no longer than " +
                    format_duration(deadline)};
    return {AccessCheck::authority, ok, "it answers, after " + time};
}

AccessFinding judge_encryption(const Config& config) {
    if (config.base_url.starts_with("https:"))
        return {AccessCheck::tls, AccessResult::ok,
                "TLS 1.2 or newer, with a certificate that this node trusts"};
    return {AccessCheck::tls, AccessResult::information, "plain http, on a loopback address"};
}

AccessFinding judge_clock(const HttpAnswer& roster, std::int64_t realtime, Nanoseconds fresh_for) {
    using enum AccessResult;
    const auto as_of = age_by_as_of(roster, realtime);
    if (as_of && *as_of && **as_of > fresh_for)
        return {AccessCheck::clock, failure,
                "the answer is " + format_age(**as_of) +
                    " old by its Together-As-Of and this node's clock"};
    const auto ahead = ahead_of_date(roster, realtime);
    if (!ahead)
        return {AccessCheck::clock, information,
                "the authority's answer has no Date to compare with"};
    const auto distance = *ahead < 0ns ? -*ahead : *ahead;
    if (distance <= clock_tolerance)
        return {AccessCheck::clock, ok, "it agrees with the authority's"};
    return {AccessCheck::clock, warning,
            "this node's clock is " + format_age(distance) +
                (*ahead < 0ns ? " behind" : " ahead of") + " the authority's"};
}

AccessFinding token_refused(const HttpAnswer& roster) {
    return {AccessCheck::token, AccessResult::failure, describe(roster)};
}

AccessFinding judge_token(const HttpAnswer& roster, const HttpAnswer& whoami,
                          const std::string& project) {
    using enum AccessResult;
    const auto owner = owner_in(whoami);
    if (!owner.project.empty() && owner.project != project)
        return {AccessCheck::token, failure,
                "it is of " + owner.project + ", and this cluster belongs to " + project};
    if (owner.type == "user") return {AccessCheck::token, warning, "it is a person's"};
    if (owner.type == "api_key")
        return {AccessCheck::token, warning, "it is an API key, no node key"};
    if (roster.status != 200)
        return {AccessCheck::token, information,
                "the roster's answer does not tell whether it is accepted"};
    return {AccessCheck::token, ok,
            owner.type.empty() ? "it is accepted" : "it is accepted, a node key of " + project};
}

std::vector<AccessFinding> judge_roster(const HttpAnswer& roster, const std::string& project) {
    const auto failed = [](std::string why) {
        return std::vector<AccessFinding>{
            {AccessCheck::project, AccessResult::failure, std::move(why)}};
    };
    if (outcome_of(roster) != HttpOutcome::page) return failed(describe(roster));
    if (!is_json(roster)) return failed("the answer is no JSON");
    const auto page = parse_roster_page(roster.body, project);
    if (!page) return failed(page.error().message);
    std::vector<AccessFinding> findings = {
        {AccessCheck::project, AccessResult::ok, "the roster of " + project + " can be read"}};
    if (page->revision)
        findings.push_back(
            {AccessCheck::revision, AccessResult::is, std::to_string(*page->revision)});
    return findings;
}

}  // namespace together
