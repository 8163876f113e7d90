// SPDX-License-Identifier: Apache-2.0
// One client's connection to the server of http_server, in one thread and without a network:
// what it is sent, in which pieces, what it asks the program behind it, and what it sends back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http_server/connection.h"
#include "role_server/messages/message.h"

namespace together::fuzz {

// Answers each request when the connection is done with what it was sent so far; a long poll a
// moment later.
class PromptBackend final : public http::Backend {
  public:
    using Answer = std::function<roled::Response(const roled::Request&, roled::Phase)>;
    PromptBackend(boost::asio::io_context& io, Answer answer)
        : io_(io), answer_(std::move(answer)) {}

    void ask(std::shared_ptr<const http::Request> request,
             std::shared_ptr<http::Asker> asker) override;
    void cancel(http::Ticket) override { parked_ = {}; }
    http::Response render(const http::Refusal& refusal) const override;
    void report(std::string_view) override {}
    bool stopping() const override { return false; }

    // False where nobody waits.
    bool answer_parked();

    // All that were asked, and what the server itself refused, in their order.
    const std::vector<http::Request>& asked() const { return asked_; }
    const std::vector<std::string>& refused() const { return refused_; }

  private:
    struct Parked {
        std::shared_ptr<const http::Request> request;
        std::shared_ptr<http::Asker> asker;
    };
    void answer(const Parked& one);

    boost::asio::io_context& io_;
    const Answer answer_;
    Parked parked_;
    std::vector<http::Request> asked_;
    mutable std::vector<std::string> refused_;
};

// Sends the pieces one after the other, each when the server has read the one before it, and ends
// the connection. Returns all that came back.
std::string exchange(boost::asio::io_context& io, PromptBackend& backend,
                     const std::vector<std::string_view>& pieces);

}  // namespace together::fuzz
