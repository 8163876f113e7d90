// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/conformance_source.h"

#include <json/json.h>

#include <algorithm>
#include <set>

#include "common/roles/permissions.h"
#include "common/system/duration.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/probe/authority_probe.h"
#include "together_refresh/probe/conformance.h"
#include "together_refresh/probe/noting_source.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/http_source.h"
#include "together_refresh/source/request_limits.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto wait_asked = 2s;
constexpr auto clock_tolerance = 5s;
constexpr const char* strange_etag = "\"together-api-check\"";
constexpr const char* strange_token = "together-api-check-was-never-given-this-token";
constexpr const char* strange_project = "proj_together_api_check";

std::string milliseconds(Nanoseconds time) {
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

std::string count(std::size_t number, const char* what) {
    return std::to_string(number) + " " + what;
}

// "403 (request id req_1)": whoever writes the authority finds it in its log.
std::string brief(const HttpAnswer& answer) {
    if (answer.status == 0) return "no answer: " + answer.error;
    std::string text = std::to_string(answer.status);
    if (!answer.request_id.empty()) text += " (request id " + answer.request_id + ")";
    return text;
}

// A few of them, for a person.
std::string listed(const std::set<std::string>& names) {
    std::string text;
    std::size_t shown = 0;
    for (const auto& name : names) {
        if (shown++ == 5) return text + ", ... (" + count(names.size(), "in all)");
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

bool has_error_body(const HttpAnswer& answer) {
    if (!is_json(answer)) return false;
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    builder["stackLimit"] = 32;
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value root;
    try {
        const auto& body = answer.body;
        if (!reader->parse(body.data(), body.data() + body.size(), &root, nullptr)) return false;
        if (!root.isObject() || !root["error"].isObject()) return false;
        const auto& error = root["error"];
        return error["message"].isString() && error["type"].isString() && error.isMember("param") &&
               error["code"].isString();
    } catch (const Json::Exception&) {
        return false;
    }
}

// The node's own fetch, seen from outside.
class Discard : public FetchSink {
  public:
    void entry(const RosterEntry&) override { ++entries_; }
    void restart() override { entries_ = 0; }
    void note(const std::string&) override {}
    std::size_t entries() const { return entries_; }

  private:
    std::size_t entries_ = 0;
};

class Examination {
  public:
    Examination(const Config& config, HttpClient& client, const FetchRequest& request,
                FetchSink& sink)
        : config_(config), request_(request), sink_(sink), probe_(config, client, request) {}

    void run() {
        first_ = probe_.ask(probe_.plain());
        if (!is_an_answer() || !is_a_roster()) return;
        if (is_a_document() && read_all()) {
            people();
            pages();
            revision();
            conditions();
            times();
            node();
        }
        headers();
        refusals();
    }

  private:
    void say(Check check, CheckResult result, std::string got) {
        sink_.note(encode_finding({check, result, std::move(got)}));
    }
    // True where it holds, for checks that others build on.
    bool decide(Check check, bool holds, std::string got) {
        say(check, holds ? CheckResult::pass : CheckResult::fail, std::move(got));
        return holds;
    }
    void expect(Check check, bool holds, std::string got) {
        say(check, holds ? CheckResult::pass : CheckResult::note, std::move(got));
    }

    // ---- the first answer --------------------------------------------------------------------

    bool is_an_answer() {
        const auto& answer = first_.http;
        if (answer.status != 0) {
            const bool encrypted = config_.base_url.starts_with("https:");
            say(Check::answer, CheckResult::pass,
                std::string(encrypted ? "over TLS" : "plain http, on a loopback address") +
                    ", in " + milliseconds(first_.took));
            return true;
        }
        const bool away = answer.connection_failed || answer.timed_out;
        say(Check::answer, away ? CheckResult::unknown : CheckResult::fail, answer.error);
        return false;
    }

    bool is_a_roster() {
        const auto& answer = first_.http;
        const auto outcome = outcome_of(answer);
        if (outcome == HttpOutcome::page) return decide(Check::status, true, brief(answer));
        const bool says_nothing = outcome == HttpOutcome::token_refused ||
                                  outcome == HttpOutcome::try_again || answer.status == 404;
        say(Check::status, says_nothing ? CheckResult::unknown : CheckResult::fail,
            describe(answer));
        return false;
    }

    bool is_a_document() {
        const auto& answer = first_.http;
        if (!decide(Check::content_type, is_json(answer),
                    answer.content_type.empty() ? "none" : answer.content_type))
            return false;
        auto page = parse_roster_page(answer.body, config_.project);
        using Part = PageRefusal::Part;
        const auto wrong = page ? std::nullopt : std::optional(page.error());
        const std::pair<Check, Part> parts[] = {{Check::json, Part::syntax},
                                                {Check::list, Part::list},
                                                {Check::entries, Part::entries}};
        for (const auto& [check, part] : parts) {
            if (wrong && wrong->part == part) return decide(check, false, wrong->message);
            decide(check, true,
                   part == Part::entries ? count(page ? sizes(*page) : 0, "on the first page")
                                         : "as expected");
        }
        first_page_ = *std::move(page);
        return true;
    }

    static std::size_t sizes(const RosterPage& page) {
        return page.entries.size() + page.left_out.size();
    }

    // ---- the whole roster --------------------------------------------------------------------

    bool read_all() {
        auto roster = probe_.read(max_limit);
        if (!roster) return decide(Check::pages, false, roster.error().message);
        roster_ = *std::move(roster);
        return true;
    }

    void people() {
        RosterCounts counts;
        counts.add({roster_.entries, roster_.left_out, {}, {}});
        const auto unbelieved = why_not_believed(counts);
        decide(Check::not_empty, !unbelieved,
               unbelieved.value_or(count(counts.entries, "collaborators")));
        expect(Check::admin, counts.admins > 0, count(counts.admins, "of them are admin"));
        const std::set<std::string> left_out(roster_.left_out.begin(), roster_.left_out.end());
        expect(Check::logins, left_out.empty(),
               left_out.empty() ? "all usable" : "none that is usable: " + listed(left_out));
        roles_and_uids();
    }

    void roles_and_uids() {
        std::set<std::string> unknown_roles, low_uids, twice, logins;
        std::set<uid_t> uids;
        for (const auto& entry : roster_.entries) {
            if (!role_named(entry.role)) unknown_roles.insert(entry.role);
            if (!logins.insert(entry.login).second) twice.insert(entry.login);
            if (entry.uid_source == UidSource::none) continue;
            if (entry.uid < config_.min_uid) low_uids.insert(entry.login);
            if (!uids.insert(entry.uid).second) twice.insert("uid " + std::to_string(entry.uid));
        }
        decide(Check::roles, unknown_roles.empty(),
               unknown_roles.empty() ? "all known" : "unknown: " + listed(unknown_roles));
        expect(Check::uids, low_uids.empty(),
               low_uids.empty()
                   ? count(uids.size(), "uids, none too low")
                   : "below " + std::to_string(config_.min_uid) + ": " + listed(low_uids));
        decide(Check::unique, twice.empty(),
               twice.empty() ? "each once" : "more than once: " + listed(twice));
    }

    static std::vector<std::string> who(const ReadRoster& roster) {
        std::vector<std::string> ids = roster.left_out;
        for (const auto& entry : roster.entries) ids.push_back(entry.user_id);
        std::sort(ids.begin(), ids.end());
        return ids;
    }

    // Small enough for a few pages of any roster, few enough not to trouble the authority.
    void pages() {
        const std::size_t limit =
            std::max<std::size_t>(1, std::min(max_limit, (roster_.size() + 2) / 3));
        auto small = probe_.read(limit);
        for (int tries = 0; small && small->revision != roster_.revision && tries < 2; ++tries) {
            // Somebody was added or removed meanwhile.
            if (auto again = probe_.read(max_limit)) roster_ = *std::move(again);
            small = probe_.read(limit);
        }
        if (!small) {
            decide(Check::pages, false,
                   "with limit=" + std::to_string(limit) + ", " + small.error().message);
            return;
        }
        std::string got = count(small->size(), "entries on ") +
                          count(small->pages, "pages with limit=") + std::to_string(limit);
        if (small->revision != roster_.revision) {
            say(Check::pages, CheckResult::unknown, "the roster changed meanwhile: try again");
            return;
        }
        if (who(*small) != who(roster_))
            got += ", but " + count(roster_.size(), "with limit=1000, or others");
        else if (small->max_page > limit)
            got += " (limit is not heeded; a node minds that only beyond 8 MiB a page)";
        decide(Check::pages, who(*small) == who(roster_), got);
    }

    // The roster may have changed between the two answers: then nothing was to stay.
    bool changed_between() const {
        const auto& whole = roster_.entries;
        const auto& page = first_page_.entries;
        return page.size() > whole.size() || !std::equal(page.begin(), page.end(), whole.begin());
    }

    void revision() {
        const auto before = first_page_.revision;
        const auto after = roster_.revision;
        if (!before || !after) {
            say(Check::revision, before == after ? CheckResult::note : CheckResult::fail,
                before == after ? "none" : "in one answer, but not in another");
            return;
        }
        const std::string got =
            std::to_string(*before) + (before == after ? "" : ", then " + std::to_string(*after));
        if (changed_between())
            decide(Check::revision, *after > *before, got + "; the roster changed meanwhile");
        else
            decide(Check::revision, before == after, got);
    }

    // ---- ETags and waiting -------------------------------------------------------------------

    void conditions() {
        const auto& etag = roster_.etag;
        if (etag.empty()) {
            for (const auto check :
                 {Check::etag, Check::not_modified, Check::other_etag, Check::wait})
                say(check, CheckResult::note,
                    check == Check::etag ? "none" : "no ETag to ask with");
            return;
        }
        const bool same = changed_between() || same_etag(first_.http.etag, etag);
        const bool too_long = etag.size() > max_etag;
        std::string got = too_long ? count(etag.size(), "bytes") : etag;
        if (!same) got += ", after " + (first_.http.etag.empty() ? "none" : first_.http.etag);
        if (too_long && same)
            say(Check::etag, CheckResult::note, got);
        else
            decide(Check::etag, same, got);
        not_modified();
        other_etag();
        wait();
    }

    void not_modified() {
        ProbeRequest request = probe_.plain();
        request.etag = roster_.etag;
        unchanged_ = probe_.ask(request).http;
        const bool other = !unchanged_.etag.empty() && !same_etag(unchanged_.etag, request.etag);
        if (unchanged_.status == 200)
            say(Check::not_modified, CheckResult::note,
                brief(unchanged_) + ": the roster once more");
        else
            decide(Check::not_modified, unchanged_.status == 304 && !other,
                   brief(unchanged_) + (other ? ", with another ETag: " + unchanged_.etag : ""));
    }

    void other_etag() {
        ProbeRequest request = probe_.plain();
        request.etag = strange_etag;
        const auto answer = probe_.ask(request).http;
        decide(Check::other_etag, answer.status == 200, brief(answer));
    }

    void wait() {
        ProbeRequest request = probe_.plain();
        request.etag = roster_.etag;
        request.wait = wait_asked;
        const auto answer = probe_.ask(request);
        const bool applied = answer.http.preference_applied.find("wait") != std::string::npos;
        const std::string got = brief(answer.http) + " after " + milliseconds(answer.took) +
                                (applied ? ", Preference-Applied: " + answer.http.preference_applied
                                         : ", no Preference-Applied");
        const bool at_once = answer.took < wait_asked / 2;
        const bool bad = answer.http.status == 0 || answer.took > wait_asked + config_.deadline ||
                         (answer.http.status != 304 && answer.http.status != 200) ||
                         (applied && at_once && answer.http.status == 304);
        if (bad || (applied && answer.http.status == 304))
            decide(Check::wait, !bad, got);
        else
            say(Check::wait, CheckResult::note, got);
    }

    // ---- headers and times -------------------------------------------------------------------

    void times() {
        for (const auto* answer : {&first_.http, &unchanged_})
            if (answer->status != 0 && !as_of_holds(*answer)) return;
        say(Check::as_of, CheckResult::pass, "this node's clock agrees");
    }

    bool as_of_holds(const HttpAnswer& answer) {
        const std::string which = " on the " + std::to_string(answer.status);
        const auto age = age_by_as_of(answer, SystemClock().now().realtime);
        if (!age) {
            decide(Check::as_of, false, age.error().message + which);
        } else if (!*age) {
            say(Check::as_of, CheckResult::note, "none" + which);
        } else if (**age > config_.fresh_for) {
            decide(Check::as_of, false,
                   format_age(**age) + " ago" + which + ", fresh_for is " +
                       format_duration(config_.fresh_for));
        } else if (**age > clock_tolerance || **age < -clock_tolerance) {
            const auto distance = **age < 0ns ? -**age : **age;
            say(Check::as_of, CheckResult::note,
                format_age(distance) + (**age < 0ns ? " in the future" : " ago") + which);
        } else {
            return true;
        }
        return false;
    }

    void headers() {
        const auto& control = first_.http.cache_control;
        expect(Check::cache_control, control.find("no-store") != std::string::npos,
               control.empty() ? "none" : control);
    }

    void node() {
        HttpSource source(config_);
        Discard discard;
        FetchRequest request = request_;
        request.deadline =
            std::min<Deadline>(request.deadline, std::chrono::steady_clock::now() + 60s);
        const auto started = std::chrono::steady_clock::now();
        const auto summary = source.fetch(request, discard);
        const Nanoseconds took = std::chrono::steady_clock::now() - started;
        const bool taken = summary.outcome == FetchOutcome::complete;
        std::string got = summary.message;
        if (taken)
            got = count(discard.entries(), "entries, ") + count(roster_.pages, "pages, ") +
                  count(roster_.bytes, "bytes in ") + milliseconds(took) +
                  (got.empty() ? "" : "; " + got);
        if (taken && took > fetch_limit(config_, RefreshKind::on_demand))
            say(Check::node, CheckResult::note,
                got + ", and a login waits no longer than " + format_duration(config_.deadline));
        else
            decide(Check::node, taken, got);
    }

    // ---- who is refused ------------------------------------------------------------------------

    // Last: an authority may shut out an address that comes with wrong tokens.
    void refusals() {
        ProbeRequest request = probe_.plain();
        request.project = strange_project;
        const auto other = refused(Check::other_project, request, {403, 404});
        request = probe_.plain();
        request.token = strange_token;
        const auto wrong = refused(Check::wrong_token, request, {401});
        request.token.clear();
        const auto none = refused(Check::no_token, request, {401});
        std::string without;
        for (const auto& answer : {other, wrong, none})
            if (answer.status >= 400 && !has_error_body(answer))
                without += (without.empty() ? "" : ", ") + std::to_string(answer.status);
        expect(Check::error_bodies, without.empty(),
               without.empty() ? "as expected" : "another body on: " + without);
        const int missing = probe_.without_request_id();
        expect(Check::request_id, missing == 0,
               missing == 0 ? "on each" : "not on " + std::to_string(missing) + " answers");
    }

    HttpAnswer refused(Check check, const ProbeRequest& request,
                       std::initializer_list<long> right) {
        auto answer = probe_.ask(request).http;
        decide(check, std::find(right.begin(), right.end(), answer.status) != right.end(),
               brief(answer));
        return answer;
    }

    const Config& config_;
    const FetchRequest& request_;
    FetchSink& sink_;
    AuthorityProbe probe_;
    ProbeAnswer first_;
    RosterPage first_page_;
    ReadRoster roster_;
    HttpAnswer unchanged_;
};

}  // namespace

std::unique_ptr<RosterSource> conformance_source_for(const Config& config, int) {
    return std::make_unique<NotingSource<Examination>>(config);
}

}  // namespace together
