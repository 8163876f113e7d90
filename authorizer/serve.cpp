// SPDX-License-Identifier: Apache-2.0
#include "authorizer/serve.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "authorizer/service.h"
#include "common/decision/decision_report.h"
#include "common/resident/config_keeper.h"
#include "common/system/core_dumps.h"
#include "common/system/datagram_socket.h"
#include "common/system/file_identity.h"
#include "common/system/log_sink.h"
#include "http_server/certificates.h"
#include "http_server/descriptors.h"
#include "http_server/handshakes.h"
#include "http_server/listener.h"
#include "http_server/two_step_stop.h"

namespace together::authorizer {
namespace {

namespace net = boost::asio;

constexpr const char* program_name = "together-authorizer";
constexpr std::size_t descriptors_for_us = 64;
// Of each door, where a container has no limit of descriptors: each that says nothing costs memory.
constexpr std::size_t max_connections = 32'768;
constexpr std::chrono::seconds between_looks{1};

void say(std::string_view sentence) {
    (void)std::fprintf(stderr, "%s: %.*s\n", program_name, static_cast<int>(sentence.size()),
                       sentence.data());
}

class SaidLog final : public ResidentLog {
  public:
    void info(const std::string& line) override { say(line); }
    void error(const std::string& line) override { say(line); }
};

http::HttpLimits kubernetes_limits() {
    http::HttpLimits limits;
    limits.body_bytes = std::size_t{256} * 1024;  // somebody may be in thousands of groups
    // Longer than an API server keeps a connection that it does not use: it asks with POST, which
    // its client does not send again over another one.
    limits.idle = std::chrono::seconds(120);
    return limits;
}

// Anybody on this machine may reach that door; a proxy asks without a body.
http::HttpLimits http_limits() {
    http::HttpLimits limits;
    limits.body_bytes = std::size_t{1} * 1024;
    return limits;
}

http::CertificateFiles files_of(const KubernetesConfig& kubernetes) {
    return {kubernetes.tls_cert, kubernetes.tls_key, kubernetes.client_ca};
}

// What connections refer to, which the I/O context ends last of all.
struct Door {
    // An address has no share: API servers and proxies are few, and each may need all.
    explicit Door(std::size_t connections) : open({connections, unlimited, unlimited}) {}
    static constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
    http::Connections open;
    std::optional<http::Server> server;
};

// All that lives as long as the program. The order of the members is that of their lives.
class Program {
  public:
    explicit Program(const std::string& config_path)
        : keeper_(config_path, load_authorizer_config, nullptr, log_, "request"),
          gate_(
              clock_, counts_,
              [this](const std::string& line) {
                  send_log_line(LogLevel::notice, program_name, line, true, {}, to_log_);
                  report_decision(line, to_counter_);
              },
              [this](std::string_view line) { return report_decision(line, to_counter_); }),
          kubernetes_(io_, {gate_, counts_, stopping_, say}, counts_),
          http_(io_, {gate_, counts_, stopping_, say}) {}

    tl::expected<void, ServeFailure> start();
    // Until a signal says so.
    void run();

  private:
    tl::expected<void, ServeFailure> start_kubernetes(const KubernetesConfig& kubernetes);
    tl::expected<void, ServeFailure> start_http(const HttpConfig& http);
    void look();
    void look_at_certificates(const KubernetesConfig& kubernetes);
    Result<void> look_at_map(const HttpConfig& http);
    void look_later();

    const std::size_t connections_ =
        std::min(http::raise_descriptor_limit(descriptors_for_us) / 2, max_connections);
    Door kubernetes_door_{connections_};
    Door http_door_{connections_};
    net::io_context io_{1};
    SaidLog log_;
    SystemClock clock_;
    ConfigKeeper<AuthorizerConfig> keeper_;
    DecisionCounts counts_;
    // What waits at the other end is kept for a socket: one that hangs must not stop the other.
    DatagramSocket to_log_;
    DatagramSocket to_counter_;
    RequestGate gate_;
    bool stopping_ = false;
    KubernetesService kubernetes_;
    HttpService http_;
    http::CertificateWatch certificates_;
    std::optional<http::Handshakes> handshakes_;
    std::optional<http::Listener> kubernetes_listener_;
    std::optional<http::Listener> http_listener_;
    // Of the start: they are not changed under way.
    std::string kubernetes_listen_;
    std::string http_listen_;
    std::string seen_map_;
    net::steady_timer timer_{io_};
};

void announce(const std::string& where) {
    (void)std::printf("listening on %s\n", where.c_str());
    (void)std::fflush(stdout);
}

tl::unexpected<ServeFailure> wrong_configuration(const std::string& message) {
    return tl::make_unexpected(ServeFailure{message, true});
}

Result<net::ip::tcp::endpoint> listen(http::Listener& listener, const std::string& where) {
    const auto at = address_and_port(where);
    const net::ip::tcp::endpoint endpoint(net::ip::make_address(at->address), at->port);
    auto bound = listener.listen(endpoint);
    if (!bound) return failure(where + ": " + bound.error().message);
    return bound;
}

tl::expected<void, ServeFailure> Program::start() {
    keeper_.look();
    const auto config = keeper_.current();
    if (!*config) return wrong_configuration(config->error().message);
    gate_.use(config);
    const auto& kubernetes = (*config)->kubernetes;
    const auto& http = (*config)->http;
    if (kubernetes.listen.empty() && http.listen.empty())
        return wrong_configuration((*config)->path +
                                   ": neither [kubernetes] listen nor [http] listen is set");
    if (auto started = start_kubernetes(kubernetes); !started) return started;
    return start_http(http);
}

tl::expected<void, ServeFailure> Program::start_kubernetes(const KubernetesConfig& kubernetes) {
    kubernetes_listen_ = kubernetes.listen;
    if (kubernetes.listen.empty()) return {};
    const auto read = *certificates_.look(files_of(kubernetes));
    if (!read) return wrong_configuration(read.error().message);
    handshakes_.emplace(io_, *read);
    auto& server = kubernetes_door_.server.emplace(http::Server{
        kubernetes_, kubernetes_door_.open, &*handshakes_, {}, false, kubernetes_limits()});
    const auto bound = listen(kubernetes_listener_.emplace(io_, server), kubernetes.listen);
    if (!bound) return tl::make_unexpected(ServeFailure{bound.error().message});
    std::ostringstream where;
    where << "https://" << *bound;
    announce(where.str());
    return {};
}

tl::expected<void, ServeFailure> Program::start_http(const HttpConfig& http) {
    http_listen_ = http.listen;
    if (auto read = look_at_map(http); !read) return wrong_configuration(read.error().message);
    if (http.listen.empty()) return {};
    auto& server = http_door_.server.emplace(
        http::Server{http_, http_door_.open, nullptr, {}, false, http_limits()});
    auto& listener = http_listener_.emplace(io_, server);
    if (const auto path = socket_path(http.listen)) {
        const auto listening = listener.listen_at(*path);
        if (!listening) return tl::make_unexpected(ServeFailure{listening.error().message});
        announce(http.listen);
        return {};
    }
    const auto bound = listen(listener, http.listen);
    if (!bound) return tl::make_unexpected(ServeFailure{bound.error().message});
    std::ostringstream where;
    where << "http://" << *bound;
    announce(where.str());
    return {};
}

void Program::run() {
    std::vector<http::TwoStepStop::Served> served;
    if (kubernetes_listener_) served.push_back({*kubernetes_listener_, kubernetes_door_.open});
    if (http_listener_) served.push_back({*http_listener_, http_door_.open});
    const http::TwoStepStop stop(io_, std::move(served), http_, std::chrono::milliseconds(0),
                                 [this] { stopping_ = true; });
    look_later();
    io_.run();
    gate_.finish();
}

void Program::look() {
    gate_.turn();
    keeper_.look();
    const auto config = keeper_.current();
    if (!*config || stopping_) return;
    const bool is_new = &gate_.config() != config.get();
    gate_.use(config);
    const auto& kubernetes = (*config)->kubernetes;
    if (handshakes_ && !kubernetes.tls_cert.empty()) look_at_certificates(kubernetes);
    if (auto read = look_at_map((*config)->http); !read) say(read.error().message);
    if (is_new &&
        (kubernetes.listen != kubernetes_listen_ || (*config)->http.listen != http_listen_))
        say("another listen is taken when the program starts anew");
}

void Program::look_at_certificates(const KubernetesConfig& kubernetes) {
    const auto read = certificates_.look(files_of(kubernetes));
    if (!read) return;
    if (*read) handshakes_->use(**read);
    say(*read ? "the certificates have been read again"
              : "the certificates stay as they were: " + read->error().message);
}

// A bad one leaves the one in force that was there before.
Result<void> Program::look_at_map(const HttpConfig& http) {
    auto seen = http.map_file.empty() ? "none" : file_identity(http.map_file);
    if (seen == seen_map_) return {};
    seen_map_ = std::move(seen);
    if (http.map_file.empty()) {
        http_.use(std::nullopt);
        return {};
    }
    auto map = RequestMap::read(http.map_file);
    if (!map) return tl::unexpected(map.error());
    http_.use(*std::move(map));
    return {};
}

void Program::look_later() {
    timer_.expires_after(between_looks);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        try {
            look();
        } catch (const std::exception& exception) {
            say(exception.what());
        }
        look_later();
    });
}

}  // namespace

tl::expected<void, ServeFailure> serve(const std::string& config_path) {
    forbid_core_dumps();
    // A client that goes away is an error of its own connection, not the end of the program.
    (void)std::signal(SIGPIPE, SIG_IGN);
    Program program(config_path);
    if (auto started = program.start(); !started) return started;
    program.run();
    return {};
}

}  // namespace together::authorizer
