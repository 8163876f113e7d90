// SPDX-License-Identifier: Apache-2.0
#include "together_cli/api/receipt.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "common/system/duration.h"

namespace together::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t silent_after = 60;  // seconds; a watching node is seen all the time
constexpr Json::ArrayIndex max_told = 5;
constexpr auto max_wait = 25s;

std::int64_t now_in_seconds() {
    return SystemClock().now().realtime / 1'000'000'000;
}

std::int64_t silent_for(const Json::Value& node) {
    const auto& seen = node["last_seen"];
    return seen.isInt64() ? std::max<std::int64_t>(0, now_in_seconds() - seen.asInt64()) : 0;
}

// What is no number must not count as none that is waited for.
bool has_numbers(const Json::Value& body) {
    return body["confirmed"].isUInt64() && body["waiting"].isUInt64() &&
           body["revision"].isInt64() && (body["data"].isNull() || body["data"].isArray());
}

void take(Receipt& receipt, const Json::Value& body) {
    receipt.confirmed = body["confirmed"].asUInt64();
    receipt.waiting = body["waiting"].asUInt64();
    receipt.revision = body["revision"].asInt64();
    receipt.not_yet = Json::arrayValue;
    const auto told = static_cast<Json::ArrayIndex>(std::min<std::uint64_t>(receipt.waiting, 1000));
    for (Json::ArrayIndex i = 0; i < std::min(told, body["data"].size()); ++i)
        if (body["data"][i].isObject()) receipt.not_yet.append(body["data"][i]);
    receipt.observing = static_cast<std::uint64_t>(std::count_if(
        body["data"].begin(), body["data"].end(),
        [](const auto& node) { return node.isObject() && text_in(node, "mode") == "observe"; }));
}

bool all_are_silent(const Receipt& receipt) {
    return receipt.not_yet.size() == receipt.waiting &&
           std::all_of(receipt.not_yet.begin(), receipt.not_yet.end(),
                       [](const auto& node) { return silent_for(node) > silent_after; });
}

// Whole seconds are what the API waits.
std::chrono::seconds wait_until(Deadline until) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(until - Clock::now());
    return std::clamp(left, std::chrono::seconds(0), std::chrono::seconds(max_wait));
}

std::string grouped(std::uint64_t number) {
    auto text = std::to_string(number);
    for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
        text.insert(static_cast<std::size_t>(i), 1, ',');
    return text;
}

std::string seconds_text(std::chrono::milliseconds time) {
    char text[32];
    static_cast<void>(
        std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time.count()) / 1000));
    return text;
}

std::string told(const Json::Value& node) {
    const auto silent = silent_for(node);
    return text_in(node, "name") +
           (silent > silent_after
                ? ", silent for " + format_age(Nanoseconds(std::chrono::seconds(silent)))
                : ", seen " + std::to_string(silent) + "s ago");
}

// Where the authority holds no more questions of this token it answers at once, and the same again:
// then a round lasts longer each time.
class Rounds {
  public:
    explicit Rounds(Deadline until) : until_(until) {}

    void begin() { begun_ = Clock::now(); }
    void end_without_news() {
        const bool was_held = Clock::now() >= begun_ + at_least_;
        std::this_thread::sleep_until(std::min(begun_ + at_least_, until_));
        at_least_ = was_held ? shortest : std::min(at_least_ * 2, longest);
    }
    // After the pause that it asks for, where there is time for it.
    bool can_try_again(const Trouble& trouble) const {
        if (!trouble.retry_after || Clock::now() + *trouble.retry_after >= until_) return false;
        std::this_thread::sleep_for(*trouble.retry_after);
        return true;
    }

  private:
    static constexpr std::chrono::milliseconds shortest{100}, longest{1000};

    const Deadline until_;
    Deadline begun_{};
    std::chrono::milliseconds at_least_ = shortest;
};

}  // namespace

Receipt receipt_of(Authority& authority, const Named& project, std::optional<std::int64_t> revision,
                   const Patience& patience) {
    Receipt receipt;
    receipt.project = project;
    const auto path = "/projects/" + escaped(project.id) + "/nodes?limit=1000";
    std::string etag;
    Rounds rounds(patience.until);
    for (auto wait = 0s;; wait = wait_until(patience.until)) {
        rounds.begin();
        const auto asked = path + (revision ? "&revision=" + std::to_string(*revision) : "");
        const auto answer = authority.get(asked, etag, wait);
        receipt.after = std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - patience.since);
        if (!answer) {
            if (rounds.can_try_again(answer.error())) continue;
            receipt.trouble = answer.error().message;
            receipt.is_hidden = answer.error().status == exit_refused;
            return receipt;
        }
        if (answer->status != 304 && !has_numbers(answer->body)) {
            receipt.trouble = "the authority answered no numbers";
            return receipt;
        }
        if (answer->status != 304 && revision &&
            answer->body["revision"] != Json::Int64{*revision}) {
            receipt.trouble = "the authority answered about another revision";
            return receipt;
        }
        if (answer->status != 304) take(receipt, answer->body);
        const bool is_news = answer->status != 304 && answer->etag != etag;
        etag = answer->etag;
        if (!revision) revision = receipt.revision;
        if (receipt.waiting == 0 || Clock::now() >= patience.until) return receipt;
        if (!patience.even_for_silent && all_are_silent(receipt)) return receipt;
        if (patience.progress) patience.progress(receipt);
        if (!is_news) rounds.end_without_news();
    }
}

std::string text_of(const Receipt& receipt) {
    if (receipt.is_hidden)
        return "the change stands; which nodes have it is not yours to see: " + receipt.trouble;
    if (!receipt.trouble.empty()) return "which nodes have it is not known: " + receipt.trouble;
    const auto all = receipt.confirmed + receipt.waiting;
    if (all == 0) return "no node has reported itself yet";
    auto text = grouped(receipt.confirmed) + " of " + grouped(all) +
                (all == 1 ? " node after " : " nodes after ") + seconds_text(receipt.after);
    const auto count = std::min(receipt.not_yet.size(), max_told);
    for (Json::ArrayIndex i = 0; i < count; ++i)
        text += (i == 0 ? "; not yet: " : "; ") + told(receipt.not_yet[i]);
    if (receipt.waiting > count && count > 0)
        text += "; and " + grouped(receipt.waiting - count) + " more (together nodes)";
    if (receipt.observing > 0)
        text +=
            "; " + grouped(receipt.observing) +
            (receipt.observing == 1 ? " only observes and refuses" : " only observe and refuse") +
            " nobody (together nodes)";
    return text;
}

Json::Value json_of(const Receipt& receipt) {
    Json::Value json;
    if (!receipt.project.id.empty()) json["project_id"] = receipt.project.id;
    if (!receipt.trouble.empty()) {
        json["error"]["message"] = receipt.trouble;
        if (receipt.is_hidden) json["error"]["code"] = "forbidden";
        return json;
    }
    json["revision"] = Json::Int64{receipt.revision};
    json["confirmed"] = Json::UInt64{receipt.confirmed};
    json["waiting"] = Json::UInt64{receipt.waiting};
    json["after_ms"] = Json::Int64{receipt.after.count()};
    json["observing"] = Json::UInt64{receipt.observing};
    json["not_yet"] = receipt.not_yet;
    return json;
}

}  // namespace together::cli
