// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/last_seen_report.h"

#include <json/writer.h>

#include "together_refresh/http/http_outcome.h"

namespace together {
namespace {

using namespace std::chrono_literals;

std::string body_of(const std::vector<PersonSeen>& people) {
    Json::Value body;
    for (const auto& person : people) {
        Json::Value one;
        one["user_id"] = person.user_id;
        one["door"] = person.door;
        one["seen_at"] = Json::Int64{person.seen_at};
        body["data"].append(std::move(one));
    }
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    return Json::writeString(writer, body);
}

FetchSummary summary_of(const HttpAnswer& answer) {
    FetchSummary summary;
    summary.request_id = answer.request_id;
    summary.was_answered = answer.status != 0;
    if (answer.status >= 200 && answer.status <= 299) {
        summary.outcome = FetchOutcome::complete;
        return summary;
    }
    summary.message = describe(answer);
    if (answer.status == 404) summary.message += "; or it is older and takes no such report";
    switch (outcome_of(answer)) {
        case HttpOutcome::try_again:
            summary.retry_after = retry_after_of(answer);
            break;
        case HttpOutcome::token_refused:
            summary.outcome = FetchOutcome::token_refused;
            summary.retry_after = 1h;
            break;
        default:
            if (summary.was_answered) summary.retry_after = 1h;
    }
    if (answer.node_failed) summary.outcome = FetchOutcome::our_fault;
    return summary;
}

}  // namespace

FetchSummary report_last_seen(const Config& config, const FetchRequest& request,
                              const std::vector<PersonSeen>& people) {
    HttpClient client(http_settings_of(config));
    HttpRequest report{config.base_url + "/projects/" + config.project + "/last_seen",
                       request.token,
                       {},
                       0s,
                       request.deadline,
                       request.deadline};
    report.node = request.node;
    report.method = "POST";
    report.body = body_of(people);
    return summary_of(client.send(report));
}

}  // namespace together
