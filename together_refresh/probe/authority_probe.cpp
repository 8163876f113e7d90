// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/authority_probe.h"

#include <algorithm>

#include "together_refresh/http/http_outcome.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/http_source.h"

namespace together {
namespace {

using namespace std::chrono_literals;

// Longer than a node would wait, so that a slow answer is seen and called slow.
constexpr auto max_answer = 10s;
constexpr int max_pages = 1'000;
constexpr int max_restarts = 2;

}  // namespace

ProbeRequest AuthorityProbe::plain() const {
    return {config_.project, request_.token, max_limit, {}, {}, 0s};
}

ProbeAnswer AuthorityProbe::ask(const ProbeRequest& asked) {
    const auto started = std::chrono::steady_clock::now();
    const auto until = std::min<Deadline>(request_.deadline, started + asked.wait + max_answer);
    const HttpRequest request{
        roster_url(config_.base_url, asked.project, included(config_), asked.limit, asked.cursor),
        asked.token,
        asked.etag,
        asked.wait,
        until,
        until};
    ProbeAnswer answer{client_.send(request), {}};
    answer.took = std::chrono::steady_clock::now() - started;
    if (answer.http.status != 0 && answer.http.request_id.empty()) ++without_request_id_;
    return answer;
}

Result<ReadRoster> AuthorityProbe::read(std::size_t limit) {
    for (int restarts = 0; restarts <= max_restarts; ++restarts) {
        ReadRoster roster;
        ProbeRequest request = plain();
        request.limit = limit;
        while (true) {
            const auto step = read_page(roster, request);
            if (!step) return tl::make_unexpected(step.error());
            if (*step == Step::last) return roster;
            if (*step == Step::changed) break;
        }
    }
    return failure("the revision is another one from page to page, three times over");
}

Result<AuthorityProbe::Step> AuthorityProbe::read_page(ReadRoster& roster, ProbeRequest& request) {
    const auto place = "page " + std::to_string(roster.pages + 1) + ": ";
    if (roster.pages == max_pages) return failure("more than 1,000 pages");
    const HttpAnswer answer = ask(request).http;
    if (answer.status == 409 && !request.cursor.empty()) return Step::changed;
    if (outcome_of(answer) != HttpOutcome::page) return failure(place + describe(answer));
    if (!is_json(answer)) return failure(place + "its content type is not application/json");
    auto page = parse_roster_page(answer.body, config_.project, included(config_));
    if (!page) return failure(place + page.error().message);
    if (roster.pages == 0) {
        roster.revision = page->revision;
        roster.etag = answer.etag;
    } else if (page->revision != roster.revision) {
        return Step::changed;
    }
    ++roster.pages;
    roster.bytes += answer.body.size();
    roster.max_page = std::max(roster.max_page, page->entries.size() + page->left_out.size());
    roster.entries.insert(roster.entries.end(), page->entries.begin(), page->entries.end());
    roster.left_out.insert(roster.left_out.end(), page->left_out.begin(), page->left_out.end());
    RosterCounts counts;
    counts.entries = roster.entries.size();
    if (auto reason = why_too_large(counts)) return failure(place + *reason);
    if (page->next_cursor.empty()) return Step::last;
    if (page->next_cursor == request.cursor)
        return failure(place + "its next_cursor leads to itself");
    request.cursor = page->next_cursor;
    return Step::more;
}

}  // namespace together
