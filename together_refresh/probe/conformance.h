// SPDX-License-Identifier: Apache-2.0
// What togetherctl api-check looks at, as data: for each check its name, what a node expects and
// why it matters to one. The child that asks the authority sends which check came out how; the
// wording is the parent's, and this table's alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace together {

// In the order in which they are made and shown.
enum class Check : std::uint8_t {
    answer,
    status,
    content_type,
    json,
    list,
    entries,
    not_empty,
    admin,
    logins,
    roles,
    uids,
    unique,
    pages,
    revision,
    etag,
    not_modified,
    other_etag,
    as_of,
    cache_control,
    request_id,
    wait,
    node,
    other_project,
    wrong_token,
    no_token,
    error_bodies,
};
inline constexpr std::size_t number_of_checks = static_cast<std::size_t>(Check::error_bodies) + 1;

enum class CheckResult : std::uint8_t {
    pass,
    note,     // a node copes, but loses something
    fail,     // a node cannot use it, or it lets somebody in
    unknown,  // an outage, a wrong token or project: says nothing about the authority
    skipped,  // what it needs did not come
};
inline constexpr std::size_t number_of_results = static_cast<std::size_t>(CheckResult::skipped) + 1;

struct ConformanceResult {
    Check check = Check::answer;
    CheckResult result = CheckResult::skipped;
    std::string got;  // what came, in words; may quote the authority
};

struct CheckText {
    std::string_view name;      // stable, for programs
    std::string_view expected;  // what a node expects
    std::string_view why;       // what it means to a node where that does not come
};
const CheckText& text_of(Check check);
std::string_view name_of(CheckResult result);

// Passed, or else a failure.
ConformanceResult must_hold(Check check, bool holds, std::string got);
// Passed, or else a note.
ConformanceResult should_hold(Check check, bool holds, std::string got);

// One finding for each check, in order: what was not reached is skipped.
std::vector<ConformanceResult> all_checks(const std::vector<ConformanceResult>& made);

// Exit statuses of together-refresh --api-check and togetherctl api-check.
enum class Conformance : int { conforms = 0, does_not = 1, cannot_tell = 2 };
Conformance conformance_of(const std::vector<ConformanceResult>& all);

}  // namespace together
