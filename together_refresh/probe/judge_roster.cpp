// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/judge_roster.h"

#include <algorithm>
#include <set>

#include "common/roles/permissions.h"
#include "common/system/duration.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/probe/conformance_words.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/http_source.h"
#include "together_refresh/source/request_limits.h"

namespace together {
namespace {

std::vector<std::string> user_ids(const ReadRoster& roster) {
    std::vector<std::string> ids = roster.left_out;
    for (const auto& entry : roster.entries) ids.push_back(entry.user_id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

ConformanceResult judge_roles(const ReadRoster& roster) {
    std::set<std::string> unknown;
    for (const auto& entry : roster.entries)
        if (!role_named(entry.role)) unknown.insert(entry.role);
    return must_hold(Check::roles, unknown.empty(),
                     unknown.empty() ? "all known" : "unknown: " + listed(unknown));
}

ConformanceResult judge_uids(const ReadRoster& roster, uid_t min_uid) {
    std::set<std::string> low;
    std::set<uid_t> uids;
    for (const auto& entry : roster.entries) {
        if (entry.uid_source == UidSource::none) continue;
        uids.insert(entry.uid);
        if (entry.uid < min_uid) low.insert(entry.login);
    }
    return should_hold(Check::uids, low.empty(),
                       low.empty() ? count(uids.size(), "uids, none too low")
                                   : "below " + std::to_string(min_uid) + ": " + listed(low));
}

ConformanceResult judge_uniqueness(const ReadRoster& roster) {
    std::set<std::string> twice, logins;
    std::set<uid_t> uids;
    for (const auto& entry : roster.entries) {
        if (!logins.insert(entry.login).second) twice.insert(entry.login);
        if (entry.uid_source != UidSource::none && !uids.insert(entry.uid).second)
            twice.insert("uid " + std::to_string(entry.uid));
    }
    return must_hold(Check::unique, twice.empty(),
                     twice.empty() ? "each once" : "more than once: " + listed(twice));
}

}  // namespace

std::vector<ConformanceResult> judge_people(const ReadRoster& roster, uid_t min_uid) {
    RosterCounts counts;
    counts.add({roster.entries, roster.left_out, {}, {}});
    const auto unbelieved = why_not_believed(counts);
    const std::set<std::string> left_out(roster.left_out.begin(), roster.left_out.end());
    return {
        must_hold(Check::not_empty, !unbelieved,
                  unbelieved.value_or(count(counts.entries, "collaborators"))),
        should_hold(Check::admin, counts.admins > 0, count(counts.admins, "of them are admin")),
        should_hold(Check::logins, left_out.empty(),
                    left_out.empty() ? "all usable" : "none that is usable: " + listed(left_out)),
        judge_roles(roster),
        judge_uids(roster, min_uid),
        judge_uniqueness(roster),
    };
}

ConformanceResult judge_pages(const ReadRoster& in_pages, const ReadRoster& roster,
                              std::size_t limit) {
    if (in_pages.revision != roster.revision)
        return {Check::pages, CheckResult::unknown, "the roster changed meanwhile: try again"};
    std::string got = count(in_pages.size(), "entries on ") +
                      count(in_pages.pages, "pages with limit=") + std::to_string(limit);
    const bool same = user_ids(in_pages) == user_ids(roster);
    if (!same)
        got += ", but " + count(roster.size(), "with limit=1000, or others");
    else if (in_pages.max_page > limit)
        got += " (limit is not heeded; a node minds that only beyond 8 MiB a page)";
    return must_hold(Check::pages, same, got);
}

bool changed_between(const RosterPage& first, const ReadRoster& roster) {
    const auto& whole = roster.entries;
    const auto& page = first.entries;
    return page.size() > whole.size() || !std::equal(page.begin(), page.end(), whole.begin());
}

ConformanceResult judge_revision(const RosterPage& first, const ReadRoster& roster) {
    const auto before = first.revision;
    const auto after = roster.revision;
    if (!before && !after) return {Check::revision, CheckResult::note, "none"};
    if (!before || !after)
        return {Check::revision, CheckResult::fail, "in one answer, but not in another"};
    const std::string got =
        std::to_string(*before) + (before == after ? "" : ", then " + std::to_string(*after));
    if (changed_between(first, roster))
        return must_hold(Check::revision, *after > *before, got + "; the roster changed meanwhile");
    return must_hold(Check::revision, before == after, got);
}

std::vector<ConformanceResult> judge_etag(const std::string& first_etag, const ReadRoster& roster,
                                          bool changed) {
    const auto& etag = roster.etag;
    if (etag.empty()) {
        std::vector<ConformanceResult> findings = {{Check::etag, CheckResult::note, "none"}};
        for (const auto check : {Check::not_modified, Check::other_etag, Check::wait})
            findings.push_back({check, CheckResult::note, "no ETag to ask with"});
        return findings;
    }
    const bool same = changed || same_etag(first_etag, etag);
    const bool too_long = etag.size() > max_etag;
    std::string got = too_long ? count(etag.size(), "bytes") : etag;
    if (!same) got += ", after " + (first_etag.empty() ? "none" : first_etag);
    if (too_long && same) return {{Check::etag, CheckResult::note, got}};
    return {must_hold(Check::etag, same, got)};
}

ConformanceResult judge_node(const NodeFetch& fetch, const ReadRoster& roster,
                             const Config& config) {
    const auto& summary = fetch.summary;
    if (summary.outcome != FetchOutcome::complete)
        return {Check::node, CheckResult::fail, summary.message};
    const std::string got = count(fetch.entries, "entries, ") + count(roster.pages, "pages, ") +
                            count(roster.bytes, "bytes in ") + milliseconds(fetch.took) +
                            (summary.message.empty() ? "" : "; " + summary.message);
    if (fetch.took > fetch_limit(config, RefreshKind::on_demand))
        return {Check::node, CheckResult::note,
                got + ", and a login waits no longer than " + format_duration(config.deadline)};
    return {Check::node, CheckResult::pass, got};
}

}  // namespace together
