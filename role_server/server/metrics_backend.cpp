// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/metrics_backend.h"

#include <boost/asio/post.hpp>

#include "role_server/base/log.h"

namespace together::roled {

void MetricsBackend::ask(std::shared_ptr<const http::Request> request,
                         std::shared_ptr<http::Asker> asker) {
    boost::asio::post(io_, [this, request = std::move(request), asker = std::move(asker)] {
        http::Response response;
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        if (request->method == "GET" && request->target == "/metrics") {
            response.body = text_();
        } else {
            response.status = 404;
            response.body = std::string("Here is GET /metrics and nothing else.\n");
        }
        asker->on_answer(std::make_shared<const http::Response>(std::move(response)));
    });
}

http::Response MetricsBackend::render(const http::Refusal& refusal) const {
    http::Response response;
    response.status = refusal.status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = refusal.message + '\n';
    return response;
}

void MetricsBackend::report(std::string_view sentence) {
    write_log(sentence);
}

}  // namespace together::roled
