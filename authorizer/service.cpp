// SPDX-License-Identifier: Apache-2.0
#include "authorizer/service.h"

#include <boost/asio/post.hpp>
#include <exception>

namespace together::authorizer {
namespace {

using http::Request;
using http::Response;

Response text(unsigned status, const std::string& line) {
    Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = line;
    return response;
}

std::string_view path_of(const Request& request) {
    return std::string_view(request.target).substr(0, request.target.find('?'));
}

// metav1's word for it.
std::string_view reason_of(unsigned status) {
    switch (status) {
        case 400:
            return "BadRequest";
        case 404:
            return "NotFound";
        case 405:
            return "MethodNotAllowed";
        case 413:
            return "RequestEntityTooLarge";
        case 500:
            return "InternalError";
        default:
            return "";
    }
}

}  // namespace

void Service::ask(std::shared_ptr<const Request> request, std::shared_ptr<http::Asker> asker) {
    boost::asio::post(io_, [this, request = std::move(request), asker = std::move(asker)] {
        asker->on_answer(std::make_shared<const Response>(answer(*request)));
    });
}

Response Service::render(const http::Refusal& refusal) const {
    return refuse(refusal.status, refusal.message);
}

Response Service::answer(const Request& request) {
    try {
        const auto path = path_of(request);
        const bool common = path == "/healthz" || path == "/readyz" || path == "/metrics";
        if (!common) return answer_own(request, path);
        if (request.method != "GET") return refuse(405, "only GET is answered here");
        if (path == "/healthz") return text(200, "ok\n");
        if (path == "/readyz") return ready();
        auto metrics = text(200, parts_.counts.text() + parts_.gate.roster_metrics());
        metrics.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return metrics;
    } catch (const std::exception& error) {
        parts_.report(std::string("a request could not be answered: ") + error.what());
        return refuse(500, "this request could not be answered");
    }
}

Response Service::ready() const {
    if (parts_.stopping) return text(503, "stopping\n");
    if (const auto problem = parts_.gate.why_not_ready()) return text(503, *problem + "\n");
    return text(200, "ok\n");
}

Response KubernetesService::answer_own(const Request& request, std::string_view path) {
    if (path != "/v1/kubernetes/subjectaccessreviews" &&
        path != "/apis/authorization.k8s.io/v1/subjectaccessreviews")
        return refuse(404, "there is nothing at this path");
    if (request.method != "POST") return refuse(405, "only POST is answered here");
    const auto review = read_access_review(request.body);
    if (!review) return refuse(400, review.error().message);
    Response response;
    response.status = 201;  // as a Kubernetes API server answers a review
    response.body = answered(*review, door_.answer(*review, request.peer));
    response.trusted = true;
    return response;
}

Response KubernetesService::refuse(unsigned status, const std::string& sentence) const {
    Response response;
    response.status = status;
    response.body = failure_status(status, reason_of(status), sentence);
    return response;
}

Response HttpService::answer_own(const Request& request, std::string_view path) {
    if (path != "/v1/forward-auth") return refuse(404, "there is nothing at this path");
    if (request.method != "GET") return refuse(405, "only GET is answered here");
    return forward_auth_.answer(request);
}

Response HttpService::refuse(unsigned status, const std::string& sentence) const {
    return text(status, sentence + "\n");
}

}  // namespace together::authorizer
