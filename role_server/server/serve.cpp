// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/serve.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>

#include "common/system/core_dumps.h"
#include "http_server/descriptors.h"
#include "http_server/listener.h"
#include "http_server/two_step_stop.h"
#include "role_server/base/log.h"
#include "role_server/metrics/metrics.h"
#include "role_server/server/metrics_backend.h"
#include "role_server/server/request_dispatcher.h"
#include "role_server/server/request_handler.h"
#include "role_server/store/connection_string.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

namespace net = boost::asio;
using Error = boost::system::error_code;

constexpr std::size_t max_scrapers = 16;
constexpr std::size_t descriptors_for_us = 64 + max_scrapers;

http::Connections::Limits connection_limits(const ServeOptions& options) {
    const auto all = http::raise_descriptor_limit(descriptors_for_us);
    const auto of_an_address =
        options.max_per_address > 0 ? options.max_per_address : std::max<std::size_t>(all / 2, 64);
    return {all, of_an_address, options.max_unknown_per_address};
}

Result<net::ip::tcp::endpoint> endpoint_of(const char* option, const ListenAddress& listen) {
    Error error;
    const auto address = net::ip::make_address(listen.address, error);
    if (error)
        return failure(std::string(option) + ": '" + listen.address + "' is no numeric address");
    return net::ip::tcp::endpoint(address, listen.port);
}

Result<void> check_database(const std::string& db) {
    auto store = Store::open(db);
    if (!store) return tl::unexpected(store.error());
    try {
        auto migrated = migrate(**store);
        return migrated ? migrated : failure(shown(db) + ": " + migrated.error().message);
    } catch (const soci::soci_error& error) {
        return failure(shown(db) + ": " + error.what());
    }
}

// SIGHUP: the certificates are read again. Where they are bad, the old ones stay.
class Reload {
  public:
    Reload(net::io_context& io, const http::CertificateFiles& files, http::Handshakes* handshakes)
        : files_(files), handshakes_(handshakes), signals_(io, SIGHUP) {
        await();
    }

  private:
    void await() {
        signals_.async_wait([this](const Error& error, int) {
            if (error) return;
            if (handshakes_ != nullptr) reload();
            await();
        });
    }

    void reload() {
        const auto read = http::read_certificates(files_);
        if (read) handshakes_->use(*read);
        write_log(read ? "the certificates have been read again"
                       : "the certificates stay as they were: " + read.error().message);
    }

    const http::CertificateFiles& files_;
    http::Handshakes* handshakes_;
    net::signal_set signals_;
};

void announce(const net::ip::tcp::endpoint& at, bool tls) {
    std::ostringstream line;
    line << "listening on " << (tls ? "https" : "http") << "://" << at << '\n';
    (void)std::fputs(line.str().c_str(), stdout);
    (void)std::fflush(stdout);
}

// None for plain http.
Result<std::shared_ptr<SSL_CTX>> certificates_of(const http::CertificateFiles& files) {
    if (files.chain.empty()) return nullptr;
    return http::read_certificates(files);
}

Result<void> serve_metrics(http::Listener& listener, const ListenAddress& address) {
    const auto at = endpoint_of("--metrics", address);
    if (!at) return tl::unexpected(at.error());
    const auto bound = listener.listen(*at);
    if (!bound) return tl::unexpected(bound.error());
    std::ostringstream line;
    line << "metrics at http://" << *bound << "/metrics";
    write_log(line.str());
    return {};
}

}  // namespace

Result<void> serve(const ServeOptions& options) {
    forbid_core_dumps();
    const auto at = endpoint_of("--listen", options.listen);
    if (!at) return tl::unexpected(at.error());
    if (auto checked = check_database(options.db); !checked) return checked;
    const auto certificates = certificates_of(options.tls);
    if (!certificates) return tl::unexpected(certificates.error());
    // A client that goes away is an error of its own connection, not the end of the program.
    (void)std::signal(SIGPIPE, SIG_IGN);

    const auto metrics = options.metrics ? prometheus_metrics() : nullptr;
    if (options.metrics && !metrics)
        return failure("--metrics: this together-roled was built without prometheus-cpp");
    RequestHandler handler(options.db, metrics.get());
    http::Connections open(connection_limits(options), options.proxies);
    http::Connections scrapers({max_scrapers, max_scrapers, max_scrapers});
    net::io_context io(1);
    std::optional<RequestLog> log;
    if (options.logs_requests) log.emplace(write_record);
    RequestDispatcher dispatcher(io, handler, options.max_waiters, metrics.get(),
                                 log ? &*log : nullptr);
    std::optional<http::Handshakes> handshakes;
    if (*certificates) handshakes.emplace(io, *certificates);
    http::Server server{dispatcher, open, handshakes ? &*handshakes : nullptr, options.proxies,
                        options.logs_requests};
    server.limits.long_body_bytes = std::size_t{1024} * 1024;
    http::Listener listener(io, server);
    const auto bound = listener.listen(*at);
    if (!bound) return tl::unexpected(bound.error());
    MetricsBackend counted(io, [&] {
        auto now = handler.now();
        now.waiters = dispatcher.waiting();
        return metrics->text(now);
    });
    http::Server metrics_server{counted, scrapers, nullptr};
    http::Listener metrics_listener(io, metrics_server);
    if (options.metrics)
        if (auto begun = serve_metrics(metrics_listener, *options.metrics); !begun) return begun;
    const http::TwoStepStop stop(io, {{listener, open}}, dispatcher, options.drain,
                                 [&] { dispatcher.begin_to_stop(); });
    const Reload reload(io, options.tls, server.handshakes);
    announce(*bound, server.handshakes != nullptr);
    io.run();
    return {};
}

}  // namespace together::roled
