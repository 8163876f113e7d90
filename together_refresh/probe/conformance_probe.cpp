// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/conformance_probe.h"

#include <algorithm>

#include "common/system/clock.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/probe/authority_probe.h"
#include "together_refresh/probe/judge_answers.h"
#include "together_refresh/probe/judge_roster.h"
#include "together_refresh/source/http_source.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr auto wait_asked = 2s;
constexpr auto max_fetch = 60s;
constexpr const char* strange_etag = "\"together-api-check\"";
constexpr const char* strange_token = "together-api-check-was-never-given-this-token";
constexpr const char* strange_project = "proj_together_api_check";

// The node's own fetch, seen from outside.
class Discard : public FetchSink {
  public:
    void entry(const RosterEntry&) override { ++entries_; }
    void key(const SshKey&) override {}
    void group(const RosterGroup&) override {}
    void restart() override { entries_ = 0; }
    void note(const std::string&) override {}
    std::size_t entries() const { return entries_; }

  private:
    std::size_t entries_ = 0;
};

class ConformanceProbe {
  public:
    ConformanceProbe(const NodeConfig& config, HttpClient& client, const FetchRequest& request,
                     const ConformanceReport& report)
        : config_(config), request_(request), report_(report), probe_(config, client, request) {}

    void run() {
        first_ = probe_.ask(probe_.plain());
        if (!passes(judge_first_answer(first_, config_.base_url.starts_with("https:"))) ||
            !passes(judge_status(first_.http)))
            return;
        if (read_first_page() && read_roster()) {
            report_all(judge_people(roster_, config_.min_uid));
            read_in_pages();
            report_(judge_revision(first_page_, roster_));
            ask_with_etags();
            report_(judge_as_of({&first_.http, &unchanged_}, SystemClock().now().realtime,
                                config_.fresh_for));
            fetch_as_a_node();
        }
        report_(judge_cache_control(first_.http));
        ask_what_is_refused();
    }

  private:
    bool passes(ConformanceResult finding) {
        const bool passed = finding.result == CheckResult::pass;
        report_(std::move(finding));
        return passed;
    }

    void report_all(std::vector<ConformanceResult> findings) {
        for (auto& finding : findings) report_(std::move(finding));
    }

    bool read_first_page() {
        auto judged = judge_page(first_.http, config_.project);
        report_all(std::move(judged.findings));
        if (!judged.page) return false;
        first_page_ = *std::move(judged.page);
        return true;
    }

    bool read_roster() {
        auto roster = probe_.read(max_limit);
        if (!roster) return passes(must_hold(Check::pages, false, roster.error().message));
        roster_ = *std::move(roster);
        return true;
    }

    // Small enough for a few pages of any roster, few enough not to trouble the authority.
    void read_in_pages() {
        const std::size_t limit =
            std::max<std::size_t>(1, std::min(max_limit, (roster_.size() + 2) / 3));
        auto in_pages = probe_.read(limit);
        for (int tries = 0; in_pages && in_pages->revision != roster_.revision && tries < 2;
             ++tries) {
            // Somebody was added or removed meanwhile.
            if (auto again = probe_.read(max_limit)) roster_ = *std::move(again);
            in_pages = probe_.read(limit);
        }
        report_(in_pages ? judge_pages(*in_pages, roster_, limit)
                         : must_hold(Check::pages, false,
                                     "with limit=" + std::to_string(limit) + ", " +
                                         in_pages.error().message));
    }

    void ask_with_etags() {
        report_all(judge_etag(first_.http.etag, roster_, changed_between(first_page_, roster_)));
        if (roster_.etag.empty()) return;
        ProbeRequest request = probe_.plain();
        request.etag = roster_.etag;
        unchanged_ = probe_.ask(request).http;
        report_(judge_not_modified(unchanged_, request.etag));
        request.etag = strange_etag;
        report_(judge_other_etag(probe_.ask(request).http));
        request.etag = roster_.etag;
        request.wait = wait_asked;
        report_(judge_wait(probe_.ask(request), wait_asked, config_.deadline));
    }

    void fetch_as_a_node() {
        HttpSource source(config_);
        Discard discard;
        FetchRequest request = request_;
        const auto started = std::chrono::steady_clock::now();
        request.deadline = std::min<Deadline>(request.deadline, started + max_fetch);
        NodeFetch fetch;
        fetch.summary = source.fetch(request, discard);
        fetch.took = std::chrono::steady_clock::now() - started;
        fetch.entries = discard.entries();
        report_(judge_node(fetch, roster_, config_));
    }

    // Last: an authority may shut out an address that comes with wrong tokens.
    void ask_what_is_refused() {
        ProbeRequest request = probe_.plain();
        request.project = strange_project;
        const auto other = refused(Check::other_project, request, {403, 404});
        request = probe_.plain();
        request.token = strange_token;
        const auto wrong = refused(Check::wrong_token, request, {401});
        request.token.clear();
        const auto none = refused(Check::no_token, request, {401});
        report_(judge_error_bodies({other, wrong, none}));
        report_(judge_request_ids(probe_.without_request_id()));
    }

    HttpAnswer refused(Check check, const ProbeRequest& request,
                       std::initializer_list<long> right) {
        auto answer = probe_.ask(request).http;
        report_(judge_refusal(check, answer, right));
        return answer;
    }

    const NodeConfig& config_;
    const FetchRequest& request_;
    const ConformanceReport& report_;
    AuthorityProbe probe_;
    ProbeAnswer first_;
    RosterPage first_page_;
    ReadRoster roster_;
    HttpAnswer unchanged_;
};

}  // namespace

void probe_conformance(const NodeConfig& config, const FetchRequest& request,
                       const ConformanceReport& report) {
    HttpClient client(http_settings_of(config));
    ConformanceProbe(config, client, request, report).run();
}

}  // namespace together
