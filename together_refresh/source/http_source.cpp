// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/http_source.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <thread>

#include "common/system/clock.h"
#include "common/system/duration.h"
#include "common/system/random.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr int max_pages = 1'000;
constexpr int max_restarts = 2;
constexpr int max_tries = 4;
constexpr std::size_t max_cursor = 1'024;

std::string percent_encoded(const std::string& text) {
    constexpr std::string_view unreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        if (unreserved.find(c) != unreserved.npos) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += hex[byte >> 4];
        encoded += hex[byte & 15];
    }
    return encoded;
}

// One fetch of the whole roster.
class Fetch {
  public:
    Fetch(const NodeConfig& config, HttpClient& client, const FetchRequest& request,
          FetchSink& sink)
        : config_(config), client_(client), request_(request), sink_(sink) {}

    FetchSummary run() {
        for (int restarts = 0; restarts <= max_restarts; ++restarts) {
            if (restarts > 0) {
                sink_.note("the roster changed while its pages were read: starting over");
                sink_.restart();
            }
            start();
            while (!ended_ && !changed_) next_page();
            if (ended_) return summary_;
        }
        return end(FetchOutcome::no_answer,
                   "the roster changed again and again while its pages were read");
    }

  private:
    void start() {
        counts_ = {};
        cursors_.clear();
        cursor_.clear();
        pages_ = 0;
        changed_ = false;
        summary_ = {};
    }

    FetchSummary end(FetchOutcome outcome, std::string message) {
        summary_.outcome = outcome;
        summary_.message = std::move(message);
        ended_ = true;
        return summary_;
    }

    void next_page() {
        if (++pages_ > max_pages) {
            end(FetchOutcome::no_answer, "the roster has more than 1,000 pages");
            return;
        }
        const HttpAnswer answer = ask();
        if (!answer.request_id.empty()) summary_.request_id = answer.request_id;
        summary_.address = answer.address;
        switch (outcome_of(answer)) {
            case HttpOutcome::page:
                return page(answer);
            case HttpOutcome::not_modified:
                return not_modified(answer);
            case HttpOutcome::token_refused:
                end(FetchOutcome::token_refused, describe(answer));
                return;
            case HttpOutcome::try_again:
                summary_.retry_after = retry_after_of(answer);
                break;
            case HttpOutcome::refused:
                // The revision that the cursor began with is gone.
                if (answer.status == 409 && !cursor_.empty()) {
                    changed_ = true;
                    return;
                }
                break;
        }
        summary_.was_answered = answer.status != 0;
        summary_.needs_port = answer.needs_port;
        end(answer.node_failed ? FetchOutcome::our_fault : FetchOutcome::no_answer,
            describe(answer));
    }

    // Asks until there is an answer that another try would not change, or no time.
    HttpAnswer ask() {
        HttpRequest request{
            roster_url(config_.base_url, config_.project, included(config_), max_limit, cursor_),
            request_.token,
            {},
            0s,
            request_.deadline,
            request_.deadline,
            request_.addresses,
            request_.node,
            request_.sockets};
        if (cursor_.empty()) {
            request.etag = request_.etag;
            request.wait = request_.wait;
            if (request.wait > 0s) request.first_byte_deadline = request_.first_byte_deadline;
        }
        for (int tries = 1;; ++tries) {
            note_request(request);
            HttpAnswer answer = client_.send(request);
            note_answer(answer);
            if (outcome_of(answer) != HttpOutcome::try_again || tries == max_tries) return answer;
            // The parent has ports, and the next round may have what else was used up.
            if (answer.node_failed || answer.needs_port) return answer;
            const auto pause = pause_after(answer, tries);
            if (std::chrono::steady_clock::now() + pause >= request_.deadline) return answer;
            std::this_thread::sleep_for(pause);
        }
    }

    static Nanoseconds pause_after(const HttpAnswer& answer, int tries) {
        const Nanoseconds exponential = 50ms * (1 << tries);
        const auto jittered =
            std::chrono::duration<double>(exponential) * (0.5 + random_fraction());
        return std::max(std::chrono::duration_cast<Nanoseconds>(jittered),
                        retry_after_of(answer).value_or(0ns));
    }

    void not_modified(const HttpAnswer& answer) {
        if (request_.etag.empty() || !cursor_.empty()) {
            end(FetchOutcome::no_answer,
                "the authority answered \"not modified\" to a request that had no condition");
        } else if (!answer.etag.empty() && !same_etag(answer.etag, request_.etag)) {
            end(FetchOutcome::no_answer,
                "the authority answered \"not modified\" for another ETag than was asked with");
        } else if (validates(answer)) {
            summary_.was_long_poll = was_long_poll(answer);
            end(FetchOutcome::not_modified, {});
        }
    }

    bool was_long_poll(const HttpAnswer& answer) const {
        return request_.wait > 0s && answer.preference_applied.find("wait") != std::string::npos;
    }

    // An answer that a cache kept says what was true then.
    bool validates(const HttpAnswer& answer) {
        const auto age = age_by_as_of(answer, SystemClock().now().realtime);
        if (!age) {
            end(FetchOutcome::no_answer, age.error().message);
            return false;
        }
        if (!*age || **age <= config_.fresh_for) return true;
        end(FetchOutcome::no_answer, "the answer is " + format_age(**age) +
                                         " old (Together-As-Of): a cache stands before the "
                                         "authority, or a clock is wrong");
        return false;
    }

    void page(const HttpAnswer& answer) {
        if (!is_json(answer)) {
            end(FetchOutcome::no_answer,
                "the authority answered with " +
                    (answer.content_type.empty() ? "no content type" : answer.content_type) +
                    ", not application/json");
            return;
        }
        if (!validates(answer)) return;
        auto page = parse_roster_page(answer.body, config_.project, included(config_));
        if (!page) {
            end(FetchOutcome::no_answer, page.error().message);
            return;
        }
        if (pages_ == 1) {
            group_ = page->accounts.group;
            summary_.revision = page->revision;
            summary_.was_long_poll = was_long_poll(answer);
            first_etag_ = answer.etag.size() <= max_etag ? answer.etag : std::string();
        } else if (page->revision != summary_.revision) {
            changed_ = true;
            return;
        }
        take(*page);
    }

    void take(const RosterPage& page) {
        counts_.add(page);
        if (const auto reason = why_too_large(counts_)) {
            end(FetchOutcome::no_answer, *reason);
            return;
        }
        give_entries(page, sink_);
        if (page.next_cursor.empty())
            complete();
        else if (page.next_cursor.size() > max_cursor || !cursors_.insert(page.next_cursor).second)
            end(FetchOutcome::no_answer, "the roster's pages come twice");
        else
            cursor_ = page.next_cursor;
    }

    void complete() {
        if (const auto reason = why_not_believed(counts_)) {
            end(FetchOutcome::no_answer, *reason);
            return;
        }
        if (group_) sink_.group(*group_);
        // Of several pages without a revision, an ETag is one page's.
        if (summary_.revision || pages_ == 1) summary_.etag = first_etag_;
        summary_.left_out = static_cast<std::uint32_t>(counts_.left_out);
        end(FetchOutcome::complete, warnings_about(counts_));
    }

    void note_request(const HttpRequest& request) {
        sink_.note("> GET " + request.url);
        sink_.note("> Authorization: Bearer (hidden)");
        if (!request.etag.empty()) sink_.note("> If-None-Match: " + request.etag);
        if (!request.node.empty()) sink_.note("> Together-Node: " + request.node);
        if (request.wait > 0s) sink_.note("> Prefer: wait=" + std::to_string(request.wait.count()));
    }

    void note_answer(const HttpAnswer& answer) {
        if (answer.status == 0) {
            sink_.note("< no answer: " + answer.error);
            return;
        }
        sink_.note("< " + std::to_string(answer.status) + ", " +
                   std::to_string(answer.body.size()) + " bytes of " +
                   (answer.content_type.empty() ? "nothing" : answer.content_type));
        const std::pair<const char*, const std::string*> headers[] = {
            {"ETag", &answer.etag},
            {"x-request-id", &answer.request_id},
            {"Retry-After", &answer.retry_after},
            {"Together-As-Of", &answer.as_of},
            {"Preference-Applied", &answer.preference_applied}};
        for (const auto& [name, value] : headers)
            if (!value->empty()) sink_.note(std::string("< ") + name + ": " + *value);
    }

    const NodeConfig& config_;
    HttpClient& client_;
    const FetchRequest& request_;
    FetchSink& sink_;
    FetchSummary summary_;
    RosterCounts counts_;
    std::set<std::string> cursors_;
    std::string cursor_;
    std::string first_etag_;
    std::optional<RosterGroup> group_;
    int pages_ = 0;
    bool changed_ = false;
    bool ended_ = false;
};

}  // namespace

std::string roster_url(const std::string& base_url, const std::string& project, Include include,
                       std::size_t limit, const std::string& cursor) {
    std::string url =
        base_url + "/projects/" + project + "/collaborators?limit=" + std::to_string(limit);
    if (include == Include::accounts) url += "&include=accounts";
    if (!cursor.empty()) url += "&after=" + percent_encoded(cursor);
    return url;
}

FetchSummary HttpSource::fetch(const FetchRequest& request, FetchSink& sink) {
    return Fetch(config_, client_, request, sink).run();
}

}  // namespace together
