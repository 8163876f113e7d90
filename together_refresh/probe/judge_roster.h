// SPDX-License-Identifier: Apache-2.0
// What a node would think of an authority's roster: pure functions of what was read.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "together_refresh/probe/authority_probe.h"
#include "together_refresh/probe/conformance.h"
#include "together_refresh/source/fetch.h"

namespace together {

// not_empty, admin, logins, roles, uids, unique.
std::vector<ConformanceResult> judge_people(const ReadRoster& roster, uid_t min_uid);

// The roster read again as pages of `limit` entries.
ConformanceResult judge_pages(const ReadRoster& in_pages, const ReadRoster& roster,
                              std::size_t limit);

// `first`: the page of another request, earlier. The roster may have changed between the two
// answers: then nothing was to stay.
bool changed_between(const RosterPage& first, const ReadRoster& roster);
ConformanceResult judge_revision(const RosterPage& first, const ReadRoster& roster);

// etag; where there is none, also what needs one. `first_etag`: of the other request.
std::vector<ConformanceResult> judge_etag(const std::string& first_etag, const ReadRoster& roster,
                                          bool changed);

// What this node's own fetch came to, with so many entries.
struct NodeFetch {
    FetchSummary summary;
    std::size_t entries = 0;
    Nanoseconds took{};
};
ConformanceResult judge_node(const NodeFetch& fetch, const ReadRoster& roster,
                             const Config& config);

}  // namespace together
