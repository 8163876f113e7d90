// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_log.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "common/system/utc.h"
#include "role_server/access/authenticate.h"
#include "role_server/api/router.h"
#include "role_server/messages/json.h"
#include "role_server/server/client_request_id.h"
#include "role_server/server/shown_path.h"

namespace together::roled {
namespace {

Json::Value record_of(const Request& request, unsigned status, std::chrono::nanoseconds took,
                      std::int64_t now) {
    Json::Value record;
    record["time"] = format_utc(now);
    record["id"] = request.id;
    if (const auto id = client_request_id(request))
        record["client_request_id"] = shown_request_id(*id);
    record["client"] = request.peer;
    record["method"] = shown_method(request);
    record["path"] = shown_path(request);
    record["route"] = route_of(request.method, request.target);
    record["status"] = status;
    record["seconds"] = std::chrono::duration<double>(took).count();
    record["key"] = json_unless_empty(presented_key_id(request));
    return record;
}

}  // namespace

RequestLog::RequestLog(Write write, std::size_t max_waiting)
    : write_(std::move(write)), max_waiting_(max_waiting), thread_(1) {}

RequestLog::~RequestLog() {
    thread_.join();
}

void RequestLog::answered(const Request& request, unsigned status, std::chrono::nanoseconds took,
                          std::int64_t now) {
    if (is_full()) {
        ++left_out_;
        return;
    }
    auto record = record_of(request, status, took, now);
    if (left_out_ > 0) record["left_out"] = json_number(static_cast<std::int64_t>(left_out_));
    left_out_ = 0;
    ++waiting_;
    boost::asio::post(thread_, [this, line = to_text(record)] {
        write_(line);
        --waiting_;
    });
}

}  // namespace together::roled
