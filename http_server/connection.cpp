// SPDX-License-Identifier: Apache-2.0
#include "http_server/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http_server/guard.h"
#include "http_server/heads.h"
#include "http_server/transport.h"

namespace together::http {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
using Error = boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t read_size = std::size_t{16} * 1024;  // a record of TLS
// "0" and two ends of line. Beast (until 1.83 at least) asserts that this much of it is there when
// it looks a second time.
constexpr std::size_t least_last_chunk = 5;
constexpr std::string_view end_of_trailer = "\r\n";  // newer ones have read all before it by then
constexpr std::size_t max_lingering_bytes = std::size_t{256} * 1024;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

class Connection final : public LiveConnection,
                         public Asker,
                         public std::enable_shared_from_this<Connection> {
  public:
    Connection(ClientSocket socket, const Connections::Address& peer, Server& server)
        : socket_(std::move(socket)), timer_(socket_.get_executor()), server_(server), peer_(peer) {
        server_.open.add(*this, peer_);
    }
    ~Connection() override { server_.open.remove(*this); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start() {
        Error error;
        socket_.native_non_blocking(true, error);
        if (error) return drop();
        set_deadline(server_.limits.head);
        if (server_.handshakes == nullptr) return begin(plain_transport(socket_.native_handle()));
        server_.handshakes->begin(socket_.native_handle(),
                                  [self = shared_from_this()](std::shared_ptr<Transport> tls) {
                                      self->begin(std::move(tls));
                                  });
    }

    void close() override { drop(); }
    bool close_if_idle() override {
        if (state_ != State::handshaking && state_ != State::idle) return false;
        drop();
        return true;
    }

    bool close_if_slow() override {
        if (state_ == State::asked || state_ == State::parked) return false;
        drop();
        return true;
    }

    void on_parked(Ticket ticket, std::chrono::seconds at_most, bool trusted) override {
        if (state_ == State::closed) return server_.backend.cancel(ticket);
        server_.open.trust(*this, trusted);
        state_ = State::parked;
        ticket_ = ticket;
        if (!server_.reports_answers) request_.reset();
        set_deadline(at_most + server_.limits.idle);
        // Where the client has sent its next request already, it is not watched: it would have to
        // be read, and kept.
        if (in_.empty()) await_readable();
    }

    void on_answer(const std::shared_ptr<const Response>& response) override {
        ticket_.reset();
        if (state_ == State::closed) return;
        server_.open.trust(*this, response->trusted);
        send(*response);
    }

  private:
    enum class State {
        handshaking,
        idle,
        head,
        body,
        going_on,
        asked,
        parked,
        sending,
        over,
        closed
    };

    void begin(std::shared_ptr<Transport> transport) {
        if (!transport || state_ == State::closed) return end();
        transport_ = std::move(transport);
        deadline_ = Clock::time_point::max();
        await_request();
    }

    // ---- readiness ----

    void await_readable() {
        if (std::exchange(awaiting_readable_, true)) return;
        socket_.async_wait(socket_.wait_read, [self = shared_from_this()](const Error& error) {
            self->awaiting_readable_ = false;
            error ? self->drop() : self->on_readable();
        });
    }

    void await_writable() {
        socket_.async_wait(socket_.wait_write, [self = shared_from_this()](const Error& error) {
            error ? self->drop() : self->write();
        });
    }

    void on_readable() {
        switch (state_) {
            case State::idle:
            case State::head:
            case State::body:
                if (read()) advance();
                return;
            case State::parked:
                (void)read();
                return;
            case State::sending:
                return write();  // TLS may have to read first
            case State::over:
                return linger();
            default:
                return;  // what came is read when it is its turn
        }
    }

    // Whether there is something new in in_.
    bool read() {
        static thread_local std::array<char, read_size> bytes;
        const auto step = transport_->read(bytes.data(), bytes.size());
        if (step.state == Transport::State::done) {
            in_.append(bytes.data(), step.bytes);
            return true;
        }
        // No renegotiation, so that a read needs nothing but reading.
        step.state == Transport::State::over ? drop() : await_readable();
        return false;
    }

    // ---- a request ----

    void await_request() {
        state_ = State::idle;
        set_deadline(in_first_head_ ? server_.limits.head : server_.limits.idle);
        in_.empty() ? await_readable() : advance();
    }

    void advance() {
        if (state_ == State::idle) begin_head();
        Error error;
        parse(error);
        if (error) return refuse(fault_for(error));
        if (state_ == State::head && parser_->is_header_done()) return on_head();
        if (state_ == State::body && parser_->is_done()) return on_request();
        await_readable();
    }

    void begin_head() {
        state_ = State::head;
        parser_ = std::make_unique<Parser>();
        parser_->header_limit(static_cast<std::uint32_t>(server_.limits.head_bytes));
        parser_->body_limit(std::max(server_.limits.body_bytes, server_.limits.long_body_bytes));
        set_deadline(server_.limits.head);
    }

    // As far as what has come goes. The head stays in in_ until all of it is there.
    void parse(Error& error) {
        while (!error && parsed_ < in_.size() && !is_parsed() && !is_too_short()) {
            parsed_ += parser_->put(net::buffer(in_.data() + parsed_, in_.size() - parsed_), error);
            if (state_ == State::body) forget_parsed();
        }
        if (error == beast::http::error::need_more) error = {};
        const auto most = server_.limits.head_bytes + server_.limits.body_bytes;
        if (!error && in_.size() > most) error = beast::http::error::buffer_overflow;
    }

    bool is_parsed() const {
        return state_ == State::head ? parser_->is_header_done() : parser_->is_done();
    }

    // Whatever chunk it is in: no body ends within so few bytes.
    bool is_too_short() const {
        return state_ == State::body && parser_->chunked() && in_.size() < least_last_chunk &&
               !in_.starts_with(end_of_trailer);
    }

    void forget_parsed() { in_.erase(0, std::exchange(parsed_, 0)); }

    void on_head() {
        in_first_head_ = false;
        const auto& head = parser_->get();
        const auto fault = fault_in(head, std::string_view(in_).substr(0, parsed_), server_.limits);
        if (fault) return refuse(*fault);
        // Now: what a trailer says joins the parser's head later.
        request_ = std::make_shared<Request>(request_of(head));
        request_->id = new_request_id();
        request_id_ = server_.backend.answered_id(*request_);
        request_->peer = server_.proxies.client_of(peer_, *request_);
        head_at_ = Clock::now();
        is_head_ = head.method() == beast::http::verb::head;
        version_ = head.version();
        keep_alive_ = parser_->keep_alive();
        parser_->eager(true);
        forget_parsed();
        const auto length = parser_->content_length();
        if (length && *length > server_.limits.body_bytes) return ask_for_place();
        parser_->body_limit(server_.limits.body_bytes);
        read_body();
    }

    void ask_for_place() {
        state_ = State::asked;
        deadline_ = Clock::time_point::max();
        server_.backend.ask_for_place(request_, [self = shared_from_this()](Place place) {
            self->on_place(std::move(place));
        });
    }

    void on_place(Place place) {
        if (state_ == State::closed) return;
        if (!place) return refuse(place.error());
        request_->place = std::move(*place);
        read_body();
    }

    void read_body() {
        const auto& head = parser_->get();
        const bool continues = head.count(beast::http::field::expect) > 0 && version_ >= 11;
        set_deadline(server_.limits.body);
        state_ = State::body;
        if (continues) return ask_for_body();
        parser_->is_done() ? on_request() : advance();
    }

    void ask_for_body() {
        state_ = State::going_on;
        head_ = go_on;
        write();
    }

    void on_request() {
        request_->body = std::move(parser_->get().body());
        parser_.reset();
        if (in_.empty()) in_.shrink_to_fit();
        state_ = State::asked;
        deadline_ = Clock::time_point::max();
        server_.backend.ask(request_, shared_from_this());
    }

    // What the parser or the guard found wrong; the connection cannot be understood any further.
    void refuse(const Refusal& fault) {
        parser_.reset();
        if (!request_) begin_unread_request();
        is_head_ = false;
        keep_alive_ = false;
        send(server_.backend.render(fault));
    }

    void begin_unread_request() {
        request_ = std::make_shared<Request>();
        request_->id = request_id_ = new_request_id();
        request_->peer = peer_.to_string();
        head_at_ = Clock::now();
    }

    // ---- an answer ----

    void send(const Response& response) {
        if (server_.reports_answers && request_)
            server_.backend.on_answered(*request_, response.status, Clock::now() - head_at_);
        keep_alive_ = keep_alive_ && !server_.backend.stopping();
        head_ = head_of(response, request_id_, version_, keep_alive_);
        if (has_body(response) && !is_head_) body_ = response.body;
        state_ = State::sending;
        set_deadline(server_.limits.send);
        write();
    }

    void write() {
        if (state_ != State::sending && state_ != State::going_on) return;
        const auto all = head_.size() + body_.view().size();
        while (written_ < all) {
            const auto of_head = std::min(written_, head_.size());
            const auto step = transport_->write(
                std::string_view(head_).substr(of_head),
                body_.view().substr(std::max(written_, head_.size()) - head_.size()));
            if (step.state == Transport::State::needs_writable) return await_writable();
            if (step.state == Transport::State::needs_readable) return await_readable();
            if (step.state == Transport::State::over) return drop();
            written_ += step.bytes;
        }
        written_ = 0;
        head_ = {};
        body_ = {};
        state_ == State::going_on ? on_going_on() : on_sent();
    }

    void on_going_on() {
        state_ = State::body;
        parser_->is_done() ? on_request() : advance();
    }

    void on_sent() {
        request_.reset();
        keep_alive_ ? await_request() : finish();
    }

    // A socket closed with unread data resets the connection, and the client may lose the answer:
    // say that we are done, and read on for a moment.
    void finish() {
        state_ = State::over;
        set_deadline(server_.limits.linger);
        transport_->finish();
        await_readable();
    }

    void linger() {
        std::array<char, read_size> unread;
        const auto count =
            ::recv(socket_.native_handle(), unread.data(), unread.size(), MSG_DONTWAIT);
        if (count <= 0 || (lingered_ += static_cast<std::size_t>(count)) > max_lingering_bytes)
            return drop();
        await_readable();
    }

    // ---- the end ----

    void drop() {
        if (ticket_) server_.backend.cancel(*std::exchange(ticket_, std::nullopt));
        // The handshake is at the socket, and comes back when that is shut down.
        if (std::exchange(state_, State::closed) == State::handshaking)
            (void)::shutdown(socket_.native_handle(), SHUT_RDWR);
        else
            end();
    }

    void end() {
        state_ = State::closed;
        Error ignored;
        socket_.close(ignored);
        timer_.cancel();
    }

    // A client that says nothing at first is not one that keeps its connection: until the first
    // head is there, its time does not begin anew.
    void set_deadline(std::chrono::seconds patience) {
        if (in_first_head_ && deadline_ != Clock::time_point::max()) return;
        deadline_ = Clock::now() + patience;
        watch_deadline();
    }

    // The timer is left alone where it ends earlier: it sees then how long there is still to go.
    void watch_deadline() {
        if (timer_ends_ <= deadline_) return;
        timer_ends_ = deadline_;
        timer_.expires_at(deadline_);
        timer_.async_wait([weak = weak_from_this()](const Error& error) {
            const auto self = error ? nullptr : weak.lock();
            if (self) self->on_timer();
        });
    }

    void on_timer() {
        timer_ends_ = Clock::time_point::max();
        if (state_ == State::closed) return;
        if (state_ == State::handshaking && !std::exchange(has_more_time_, true) &&
            has_sent_something(socket_.native_handle()))
            deadline_ += server_.limits.handshake - server_.limits.head;
        Clock::now() >= deadline_ ? drop() : watch_deadline();
    }

    ClientSocket socket_;
    net::steady_timer timer_;
    Server& server_;
    const Connections::Address peer_;
    std::shared_ptr<Transport> transport_;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point timer_ends_ = Clock::time_point::max();
    std::string in_;          // read and not yet understood
    std::size_t parsed_ = 0;  // of in_, in a head that is not complete
    std::unique_ptr<Parser> parser_;
    std::shared_ptr<Request> request_;
    Clock::time_point head_at_;  // of request_
    std::string request_id_;
    std::string head_;  // to be sent, before body_
    Body body_;
    std::size_t written_ = 0;  // of both
    std::optional<Ticket> ticket_;
    std::size_t lingered_ = 0;
    unsigned version_ = 11;
    State state_ = State::handshaking;
    bool is_head_ = false;
    bool keep_alive_ = false;
    bool in_first_head_ = true;
    bool has_more_time_ = false;  // for its handshake
    bool awaiting_readable_ = false;
};

}  // namespace

void serve_connection(ClientSocket socket, const Connections::Address& peer, Server& server) {
    std::make_shared<Connection>(std::move(socket), peer, server)->start();
}

}  // namespace together::http
