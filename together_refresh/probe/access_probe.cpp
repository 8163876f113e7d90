// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/probe/access_probe.h"

#include <algorithm>

#include "common/system/clock.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/source/http_source.h"

namespace together {
namespace {

using namespace std::chrono_literals;

// Longer than a login would wait, so that a slow answer is seen and called slow.
constexpr auto max_answer = 10s;

}  // namespace

void probe_access(const NodeConfig& config, const FetchRequest& request,
                  const AccessReport& report) {
    HttpClient client(http_settings_of(config));
    const auto get = [&](const std::string& url) {
        const auto until =
            std::min<Deadline>(request.deadline, std::chrono::steady_clock::now() + max_answer);
        return client.send({url, request.token, {}, 0s, until, until});
    };
    const auto started = std::chrono::steady_clock::now();
    const auto roster = get(roster_url(config.base_url, config.project, included(config), 1, {}));
    const Nanoseconds took = std::chrono::steady_clock::now() - started;
    if (roster.status == 0) return report(why_no_answer(roster));
    report(judge_answer(roster, took, config.deadline));
    report(judge_encryption(config));
    report(judge_clock(roster, SystemClock().now().realtime, config.fresh_for));
    const auto outcome = outcome_of(roster);
    if (outcome == HttpOutcome::token_refused) return report(token_refused(roster));
    if (outcome == HttpOutcome::try_again) return;
    report(judge_token(roster, get(config.base_url + "/whoami"), config.project));
    for (auto& finding : judge_roster(roster, config.project)) report(std::move(finding));
}

}  // namespace together
