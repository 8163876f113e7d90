// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_dispatcher.h"

#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "role_server/http/convert.h"
#include "role_server/http/json.h"

namespace together::roled {
namespace {

namespace net = boost::asio;

constexpr std::size_t reading_threads = 4;
// About two seconds of work; who comes later is better told so than kept waiting.
constexpr std::size_t max_asked = 5'000;

Response overloaded() {
    auto response = error_response({503, "overloaded", "Too many requests wait already.", {}});
    response.headers.emplace_back("x-request-id", new_request_id());
    return response;
}

}  // namespace

RequestDispatcher::RequestDispatcher(net::io_context& io, RequestHandler& service,
                                     std::size_t max_waiters)
    : io_(io),
      service_(service),
      long_polls_(io, max_waiters,
                  [this](std::vector<std::string> projects, std::function<void(Revisions)> done) {
                      look(std::move(projects), std::move(done));
                  }),
      reads_(reading_threads),
      changes_(1) {}

RequestDispatcher::~RequestDispatcher() {
    reads_.pool.join();
    changes_.pool.join();
}

void RequestDispatcher::ask(std::shared_ptr<const Request> request, Phase phase,
                            std::function<void(Response)> done) {
    auto& lane = request->method == "GET" ? reads_ : changes_;
    // Long polls are answered in any case: all of them come at once when a roster changes.
    if (phase == Phase::may_long_poll && lane.asked >= max_asked) {
        net::post(io_, [done = std::move(done)] { done(overloaded()); });
        return;
    }
    ++lane.asked;
    net::post(lane.pool,
              [this, &lane, request = std::move(request), phase, done = std::move(done)]() mutable {
                  auto response = service_.answer(*request, phase);
                  // The request and `done` are given back too: the connection must end on the I/O
                  // thread.
                  net::post(io_, [&lane, request = std::move(request), done = std::move(done),
                                  response = std::move(response)]() mutable {
                      --lane.asked;
                      done(std::move(response));
                  });
              });
}

void RequestDispatcher::look(std::vector<std::string> projects,
                             std::function<void(Revisions)> done) {
    net::post(reads_.pool, [this, projects = std::move(projects),
                            done = std::move(done)]() mutable {
        auto current = service_.revisions(projects);
        net::post(io_, [done = std::move(done), current = std::move(current)] { done(current); });
    });
}

void RequestDispatcher::begin_to_stop() {
    stopping_ = true;
    service_.begin_draining();
    long_polls_.release_all();
}

}  // namespace together::roled
