// SPDX-License-Identifier: Apache-2.0
// What is answered at each of the two listeners, as the HTTP server asks for it. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "authorizer/forward_auth.h"
#include "authorizer/kubernetes_door.h"
#include "http_server/backend.h"

namespace together::authorizer {

// Answers at once: whoever answers a request here reads a few blocks of the disk.
class Service : public http::Backend {
  public:
    using Report = std::function<void(std::string_view sentence)>;

    struct Parts {
        RequestGate& gate;
        const DecisionCounts& counts;
        const bool& stopping;
        Report report;
    };

    // What the parts refer to outlives it.
    Service(boost::asio::io_context& io, Parts parts) : io_(io), parts_(std::move(parts)) {}

    void ask(std::shared_ptr<const http::Request> request,
             std::shared_ptr<http::Asker> asker) override;
    void cancel(http::Ticket) override {}
    http::Response render(const http::Refusal& refusal) const override;
    void report(std::string_view sentence) override { parts_.report(sentence); }
    bool stopping() const override { return parts_.stopping; }

    // Without the connection.
    http::Response answer(const http::Request& request);

  protected:
    virtual http::Response answer_own(const http::Request& request, std::string_view path) = 0;
    virtual http::Response refuse(unsigned status, const std::string& sentence) const = 0;

  private:
    http::Response ready() const;

    boost::asio::io_context& io_;
    const Parts parts_;
};

class KubernetesService final : public Service {
  public:
    KubernetesService(boost::asio::io_context& io, const Parts& parts, DecisionCounts& counts)
        : Service(io, parts), door_(parts.gate, counts) {}

  protected:
    http::Response answer_own(const http::Request& request, std::string_view path) override;
    http::Response refuse(unsigned status, const std::string& sentence) const override;

  private:
    KubernetesDoor door_;
};

class HttpService final : public Service {
  public:
    HttpService(boost::asio::io_context& io, const Parts& parts)
        : Service(io, parts), forward_auth_(parts.gate) {}

    void use(std::optional<RequestMap> map) { forward_auth_.use(std::move(map)); }

  protected:
    http::Response answer_own(const http::Request& request, std::string_view path) override;
    http::Response refuse(unsigned status, const std::string& sentence) const override;

  private:
    ForwardAuth forward_auth_;
};

}  // namespace together::authorizer
