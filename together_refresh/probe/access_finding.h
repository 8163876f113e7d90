// SPDX-License-Identifier: Apache-2.0
// What together-refresh --check-access finds about this node's authority and its token, as data.
// The judgements are pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "http_client/http_client.h"

namespace together {

enum class AccessCheck : std::uint8_t { authority, tls, token, project, clock, revision };
inline constexpr std::size_t number_of_access_checks =
    static_cast<std::size_t>(AccessCheck::revision) + 1;

enum class AccessResult : std::uint8_t {
    ok,
    information,
    warning,
    failure,
    is,  // a mere value
};
inline constexpr std::size_t number_of_access_results =
    static_cast<std::size_t>(AccessResult::is) + 1;

// As togetherctl's doctor_authority.cpp words it.
struct AccessFinding {
    AccessCheck check = AccessCheck::authority;
    AccessResult result = AccessResult::information;
    std::string what;  // in words; may quote the authority
};

// What togetherctl reads.
std::string_view name_of(AccessCheck check);
std::string_view name_of(AccessResult result);

// `roster`: the answer to a request for one entry of it.
AccessFinding why_no_answer(const HttpAnswer& roster);
AccessFinding judge_answer(const HttpAnswer& roster, Nanoseconds took, Nanoseconds deadline);
AccessFinding judge_encryption(const Config& config);
AccessFinding judge_clock(const HttpAnswer& roster, std::int64_t realtime, Nanoseconds fresh_for);
AccessFinding token_refused(const HttpAnswer& roster);
// An authority need not have /whoami: then what it answered to the roster's request decides.
AccessFinding judge_token(const HttpAnswer& roster, const HttpAnswer& whoami,
                          const std::string& project);
// Whether it can be read, and its revision where it has one.
std::vector<AccessFinding> judge_roster(const HttpAnswer& roster, const std::string& project);

}  // namespace together
