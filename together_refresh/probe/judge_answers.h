// SPDX-License-Identifier: Apache-2.0
// What a node would think of an authority's answers, one by one: pure functions of what was read.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "together_refresh/probe/authority_probe.h"
#include "together_refresh/probe/conformance.h"

namespace together {

// Of the first answer, in order: the next has a meaning where the one before it passed.
ConformanceResult judge_first_answer(const ProbeAnswer& answer, bool encrypted);
ConformanceResult judge_status(const HttpAnswer& answer);
struct JudgedPage {
    std::vector<ConformanceResult> findings;  // content_type, json, list, entries
    std::optional<RosterPage> page;           // where all of them passed
};
JudgedPage judge_page(const HttpAnswer& answer, const std::string& project);

ConformanceResult judge_cache_control(const HttpAnswer& answer);
// Of as many answers as have one.
ConformanceResult judge_as_of(const std::vector<const HttpAnswer*>& answers, std::int64_t realtime,
                              Nanoseconds fresh_for);

// `answer`: to If-None-Match with the roster's `etag`; with another; to a long poll of `asked`.
ConformanceResult judge_not_modified(const HttpAnswer& answer, const std::string& etag);
ConformanceResult judge_other_etag(const HttpAnswer& answer);
ConformanceResult judge_wait(const ProbeAnswer& answer, Nanoseconds asked, Nanoseconds deadline);

// `answer`: to what must be refused with one of the statuses `right`.
ConformanceResult judge_refusal(Check check, const HttpAnswer& answer,
                                std::initializer_list<long> right);
ConformanceResult judge_error_bodies(const std::vector<HttpAnswer>& refusals);
ConformanceResult judge_request_ids(int missing);

}  // namespace together
