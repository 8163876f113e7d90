// SPDX-License-Identifier: Apache-2.0
#include "role_server/http/connection.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "role_server/http/convert.h"
#include "role_server/http/guard.h"
#include "role_server/http/json.h"

namespace together::roled {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = boost::system::error_code;

using PlainStream = beast::tcp_stream;
using TlsStream = net::ssl::stream<beast::tcp_stream>;

constexpr std::size_t read_size = 4096;
constexpr std::size_t max_lingering_bytes = std::size_t{256} * 1024;

template <class Stream>
class Connection final : public LiveConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
  public:
    Connection(Stream stream, Backend& backend, Connections& open, const HttpLimits& limits)
        : stream_(std::move(stream)),
          backend_(backend),
          open_(open),
          limits_(limits),
          first_head_by_(std::chrono::steady_clock::now() + limits.head),
          buffer_(limits.head_bytes + limits.body_bytes) {
        Error ignored;
        open_.add(*this, tcp().socket().remote_endpoint(ignored).address());
    }
    ~Connection() override { open_.remove(*this); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            tcp().expires_at(*first_head_by_);
            stream_.async_handshake(net::ssl::stream_base::server, then(&Connection::on_handshake));
        } else {
            await_request();
        }
    }

    void close() override { drop(); }

    void close_if_idle() override {
        if (wanted_) drop();
    }

  private:
    beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

    // A completion handler that keeps the connection alive and passes the error on.
    auto then(void (Connection::*next)(Error)) {
        return [self = this->shared_from_this(), next](const Error& error, auto&&...) {
            ((*self).*next)(error);
        };
    }

    void on_handshake(Error error) { error ? drop() : await_request(); }

    void await_request() {
        wanted_ = true;
        if (reading_) return;
        if (buffer_.size() > 0) {
            begin_request();
        } else {
            read_some(limits_.idle);
        }
    }

    void read_some(std::chrono::seconds patience) {
        reading_ = true;
        expire_after(patience);
        stream_.async_read_some(
            buffer_.prepare(read_size),
            [self = this->shared_from_this()](const Error& error, std::size_t count) {
                self->on_bytes(error, count);
            });
    }

    // A client that says nothing at first is not one that keeps its connection.
    void expire_after(std::chrono::seconds patience) {
        if (first_head_by_)
            tcp().expires_at(*first_head_by_);
        else
            tcp().expires_after(patience);
    }

    void on_bytes(const Error& error, std::size_t count) {
        reading_ = false;
        if (error) return drop();
        buffer_.commit(count);
        if (wanted_) begin_request();
    }

    void begin_request() {
        wanted_ = false;
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
        parser_->body_limit(limits_.body_bytes);
        expire_after(limits_.head);
        http::async_read_header(stream_, buffer_, *parser_, then(&Connection::on_head));
    }

    void on_head(Error error) {
        first_head_by_.reset();
        if (error) return refuse(fault_for(error));
        if (const auto fault = fault_in(parser_->get(), limits_)) return refuse(fault);
        tcp().expires_after(limits_.body);
        if (!beast::iequals(parser_->get()[http::field::expect], "100-continue"))
            return read_body({});
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        net::async_write(stream_, net::buffer(go_on.data(), go_on.size()),
                         then(&Connection::read_body));
    }

    void read_body(Error error) {
        if (error) return drop();
        http::async_read(stream_, buffer_, *parser_, then(&Connection::on_request));
    }

    void on_request(Error error) {
        if (error) return refuse(fault_for(error));
        auto message = parser_->release();
        parser_.reset();
        version_ = message.version();
        keep_alive_ = message.keep_alive();
        request_ = std::make_shared<const Request>(to_request(std::move(message)));
        ask(Phase::may_long_poll);
    }

    void ask(Phase phase) {
        backend_.ask(request_, phase, [self = this->shared_from_this()](Response response) {
            self->on_answer(std::move(response));
        });
    }

    void on_answer(Response response) {
        if (!tcp().socket().is_open()) return;
        open_.is_a_nodes(*this, response.is_a_nodes);
        if (response.long_poll && begin_long_poll(*response.long_poll)) return;
        send(response);
    }

    bool begin_long_poll(const LongPoll& wanted) {
        ticket_ =
            backend_.begin_long_poll(wanted, [self = this->shared_from_this()] { self->wake(); });
        if (!ticket_) return false;
        // Where the client has sent its next request already, it is not watched: it would have to
        // be read, and kept.
        if (!reading_ && buffer_.size() == 0) read_some(wanted.wait + limits_.idle);
        return true;
    }

    void wake() {
        ticket_.reset();
        ask(Phase::answer_now);
    }

    // What the parser or the guard found wrong; the connection cannot be understood any further.
    void refuse(const std::optional<ApiError>& fault) {
        if (!fault) return drop();
        keep_alive_ = false;
        auto response = error_response(*fault);
        response.headers.emplace_back("x-request-id", new_request_id());
        send(response);
    }

    void send(const Response& response) {
        keep_alive_ = keep_alive_ && !backend_.stopping();
        message_ = to_message(response, version_, keep_alive_);
        tcp().expires_after(limits_.send);
        http::async_write(stream_, *message_, then(&Connection::on_sent));
    }

    void on_sent(Error error) {
        message_.reset();
        request_.reset();
        if (error) return drop();
        if (keep_alive_) return await_request();
        finish();
    }

    // A socket closed with unread data resets the connection, and the client may lose the answer:
    // say that we are done, and read on for a moment.
    void finish() {
        if (reading_) return drop();
        tcp().expires_after(limits_.linger);
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            stream_.async_shutdown(then(&Connection::on_tls_over));
        } else {
            Error ignored;
            tcp().socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
            linger();
        }
    }

    void on_tls_over(Error) { drop(); }

    void linger() {
        buffer_.clear();
        stream_.async_read_some(
            buffer_.prepare(read_size),
            [self = this->shared_from_this()](const Error& error, std::size_t count) {
                self->lingered_ += count;
                if (error || self->lingered_ > max_lingering_bytes) return self->drop();
                self->linger();
            });
    }

    void drop() {
        if (ticket_) backend_.cancel(*std::exchange(ticket_, std::nullopt));
        wanted_ = false;
        tcp().close();
    }

    Stream stream_;
    Backend& backend_;
    Connections& open_;
    const HttpLimits& limits_;
    std::optional<std::chrono::steady_clock::time_point> first_head_by_;  // none once it is there
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::shared_ptr<const Request> request_;
    std::optional<http::response<http::string_body>> message_;
    std::optional<LongPollList::Ticket> ticket_;
    unsigned version_ = 11;
    std::size_t lingered_ = 0;
    bool keep_alive_ = false;
    bool reading_ = false;  // a read of bytes is under way
    bool wanted_ = false;   // and they are wanted: between two requests
};

}  // namespace

void serve_connection(net::ip::tcp::socket socket, net::ssl::context* tls, Backend& backend,
                      Connections& open, const HttpLimits& limits) {
    beast::tcp_stream plain(std::move(socket));
    if (tls == nullptr) {
        std::make_shared<Connection<PlainStream>>(std::move(plain), backend, open, limits)->start();
    } else {
        TlsStream stream(std::move(plain), *tls);
        std::make_shared<Connection<TlsStream>>(std::move(stream), backend, open, limits)->start();
    }
}

}  // namespace together::roled
