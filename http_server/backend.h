// SPDX-License-Identifier: Apache-2.0
// What the server needs of the program behind it. All of it on the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "http_server/message.h"

namespace together::http {

using Ticket = std::uint64_t;

// Whoever waits for an answer: on_answer() is called once, on_parked() perhaps before it.
class Asker {
  public:
    virtual ~Asker() = default;
    virtual void on_answer(const std::shared_ptr<const Response>& response) = 0;
    // The answer comes when there is news, or after `at_most`. `trusted` as in a Response.
    virtual void on_parked(Ticket ticket, std::chrono::seconds at_most, bool trusted) = 0;
};

// What Request::place holds, or why there is none.
using Place = tl::expected<std::shared_ptr<const void>, Refusal>;
using PlaceTold = std::function<void(Place)>;

class Backend {
  public:
    virtual ~Backend() = default;

    // The head of a request is there, whose body is longer than HttpLimits::body_bytes: it is read
    // when `told` is called with a place, at once or later. So whoever has no business here fills
    // no memory.
    virtual void ask_for_place(std::shared_ptr<const Request> head, PlaceTold told) {
        (void)head;
        told(tl::unexpected(body_too_large()));
    }

    // Calls the asker later: never from within.
    virtual void ask(std::shared_ptr<const Request> request, std::shared_ptr<Asker> asker) = 0;

    // The client of a parked request is gone: its asker is not called any more.
    virtual void cancel(Ticket ticket) = 0;

    // What x-request-id of the answer says, to any request whose head is there: ours, but where
    // the client's own is to come back.
    virtual std::string answered_id(const Request& request) const { return request.id; }

    // The answer that says it in the program's own words.
    virtual Response render(const Refusal& refusal) const = 0;

    // An answer is on its way, `took` after the head of its request was there. Called only where
    // the server is to report answers. Of what could not be understood, the request has an id and a
    // peer alone.
    virtual void on_answered(const Request& request, unsigned status,
                             std::chrono::nanoseconds took) {
        (void)request, (void)status, (void)took;
    }

    // A line for whoever runs the program.
    virtual void report(std::string_view sentence) = 0;

    // Being stopped: connections are not kept open after their answer.
    virtual bool stopping() const = 0;
};

}  // namespace together::http
