// SPDX-License-Identifier: Apache-2.0
// GET /metrics on a listener of its own, without a key: what it tells is for whoever runs the
// server. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "http_server/backend.h"

namespace together::roled {

class MetricsBackend final : public http::Backend {
  public:
    MetricsBackend(boost::asio::io_context& io, std::function<std::string()> text)
        : io_(io), text_(std::move(text)) {}

    void ask(std::shared_ptr<const http::Request> request,
             std::shared_ptr<http::Asker> asker) override;
    void cancel(http::Ticket) override {}
    http::Response render(const http::Refusal& refusal) const override;
    void report(std::string_view sentence) override;
    bool stopping() const override { return false; }

  private:
    boost::asio::io_context& io_;
    const std::function<std::string()> text_;
};

}  // namespace together::roled
