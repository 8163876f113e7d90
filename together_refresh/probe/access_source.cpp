// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/access_source.h"

#include <algorithm>

#include "common/roles/identifiers.h"
#include "common/system/duration.h"
#include "strict_json/strict_json.h"
#include "together_refresh/http/http_exchange.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/probe/access_check.h"
#include "together_refresh/probe/noting_source.h"
#include "together_refresh/source/http_source.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

using namespace std::chrono_literals;

// Longer than a login would wait, so that a slow answer is seen and called slow.
constexpr auto max_answer = 10s;
constexpr auto clock_tolerance = 5s;

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

class AccessCheck {
  public:
    AccessCheck(const Config& config, HttpClient& client, const FetchRequest& request,
                FetchSink& sink)
        : config_(config), client_(client), request_(request), sink_(sink) {}

    void run() {
        const auto started = std::chrono::steady_clock::now();
        const auto roster = get(roster_url(config_.base_url, config_.project, 1, {}));
        took_ = std::chrono::steady_clock::now() - started;
        if (roster.status == 0) return no_answer(roster);
        answered(roster);
        clock(roster);
        if (outcome_of(roster) == HttpOutcome::token_refused) {
            say("token", "failure", describe(roster));
            return;
        }
        if (outcome_of(roster) == HttpOutcome::try_again) return;
        token(roster);
        project(roster);
    }

  private:
    void say(const char* check, const char* result, std::string what) {
        sink_.note(encode_access({check, result, std::move(what)}));
    }

    HttpAnswer get(const std::string& url) {
        const auto until =
            std::min<Deadline>(request_.deadline, std::chrono::steady_clock::now() + max_answer);
        return client_.get({url, request_.token, {}, 0s, until, until});
    }

    bool is_encrypted() const { return config_.base_url.starts_with("https:"); }

    void no_answer(const HttpAnswer& answer) {
        say(answer.tls_failed ? "tls" : "authority", "failure", answer.error);
    }

    void answered(const HttpAnswer& answer) {
        const bool fails = outcome_of(answer) == HttpOutcome::try_again;
        const std::string time = format_age(took_);
        if (fails)
            say("authority", "failure", describe(answer));
        else if (took_ > config_.deadline)
            say("authority", "warning",
                "it answers after " + time + ", and a login waits no longer than " +
                    format_duration(config_.deadline));
        else
            say("authority", "ok", "it answers, after " + time);
        if (is_encrypted())
            say("tls", "ok", "TLS 1.2 or newer, with a certificate that this node trusts");
        else
            say("tls", "information", "plain http, on a loopback address");
    }

    void clock(const HttpAnswer& answer) {
        const auto now = SystemClock().now().realtime;
        const auto as_of = age_by_as_of(answer, now);
        if (as_of && *as_of && **as_of > config_.fresh_for) {
            say("clock", "failure",
                "the answer is " + format_age(**as_of) +
                    " old by its Together-As-Of and this node's clock");
            return;
        }
        const auto ahead = ahead_of_date(answer, now);
        if (!ahead) {
            say("clock", "information", "the authority's answer has no Date to compare with");
            return;
        }
        const auto distance = *ahead < 0ns ? -*ahead : *ahead;
        if (distance <= clock_tolerance)
            say("clock", "ok", "it agrees with the authority's");
        else
            say("clock", "warning",
                "this node's clock is " + format_age(distance) +
                    (*ahead < 0ns ? " behind" : " ahead of") + " the authority's");
    }

    // An authority need not have /whoami: then what it answered to the roster's request decides.
    void token(const HttpAnswer& roster) {
        const auto whoami = get(config_.base_url + "/whoami");
        const auto owner = owner_in(whoami);
        const bool other = !owner.project.empty() && owner.project != config_.project;
        if (other)
            say("token", "failure",
                "it is of " + owner.project + ", and this cluster belongs to " + config_.project);
        else if (owner.type == "user" || owner.type == "api_key")
            say("token", "warning",
                owner.type == "user" ? "it is a person's" : "it is an API key, no node key");
        else if (roster.status == 200)
            say("token", "ok",
                owner.type.empty() ? "it is accepted"
                                   : "it is accepted, a node key of " + config_.project);
        else
            say("token", "information", "the roster's answer does not tell whether it is accepted");
    }

    void project(const HttpAnswer& answer) {
        if (outcome_of(answer) != HttpOutcome::page) {
            say("project", "failure", describe(answer));
            return;
        }
        const auto page = is_json(answer)
                              ? parse_roster_page(answer.body, config_.project)
                              : tl::make_unexpected(PageRefusal{PageRefusal::Part::syntax,
                                                                "the answer is no JSON"});
        if (!page) {
            say("project", "failure", page.error().message);
            return;
        }
        say("project", "ok", "the roster of " + config_.project + " can be read");
        if (page->revision) say("revision", "is", std::to_string(*page->revision));
    }

    const Config& config_;
    HttpClient& client_;
    const FetchRequest& request_;
    FetchSink& sink_;
    Nanoseconds took_{};
};

}  // namespace

std::unique_ptr<RosterSource> access_source_for(const Config& config, int) {
    return std::make_unique<NotingSource<AccessCheck>>(config);
}

}  // namespace together
