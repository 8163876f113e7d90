// SPDX-License-Identifier: Apache-2.0
// So many nodes that wait for news of one project's roster, in one thread.
//
//   waiting_nodes PORT PROJECT TOKEN NUMBER plain|tls
//
// Each has a connection, takes gzip as together-refresh does, and says what it has (If-None-Match)
// and that it waits (Prefer). Lines on standard output: "sent" when all have asked; after each
// change "told FIRST LAST BYTES", the times of the first and the last complete answer on
// CLOCK_MONOTONIC in seconds; then they ask again when a line comes on standard input. Those whose
// connection ends connect again, and "sent" comes again when all have asked. Ends with standard
// input.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr int again_after_ms = 20;

double now() {
    timespec time{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

struct Node {
    enum class State {
        connecting,
        shaking_hands,
        sending,
        waiting,
        told
    } state = State::connecting;
    int socket = -1;
    SSL* ssl = nullptr;
    std::string head;
    std::size_t body_left = 0;
    bool in_body = false;
    std::size_t sent = 0;
};

class Nodes {
  public:
    Nodes(int port, std::string project, std::string token, std::size_t number, bool tls)
        : port_(port), project_(std::move(project)), token_(std::move(token)), nodes_(number) {
        if (tls) context_ = SSL_CTX_new(TLS_client_method());
        epoll_ = ::epoll_create1(0);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = nullptr;
        (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &event);
        ask_for_etag();
    }

    void run() {
        for (auto& node : nodes_) connect(node);
        std::array<epoll_event, 512> events{};
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), int(events.size()),
                                           again_.empty() ? -1 : again_after_ms);
            for (auto* node : std::exchange(again_, {})) connect(*node);
            for (int i = 0; i < count; ++i) {
                auto* node = static_cast<Node*>(events[std::size_t(i)].data.ptr);
                if (node != nullptr)
                    step(*node);
                else if (!read_line())
                    return;
            }
        }
    }

  private:
    std::string request() const {
        std::string text = "GET /v1/projects/" + project_ +
                           "/collaborators?limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                           "User-Agent: waiting_nodes\r\nAccept-Encoding: gzip, deflate\r\n"
                           "Authorization: Bearer " +
                           token_ + "\r\n";
        if (!etag_.empty()) text += "If-None-Match: " + etag_ + "\r\nPrefer: wait=60\r\n";
        return text + "\r\n";
    }

    // What the first answer says is what all have.
    void ask_for_etag() {
        Node first;
        first.socket = open(0);
        if (context_ != nullptr) {
            first.ssl = SSL_new(context_);
            SSL_set_fd(first.ssl, first.socket);
            if (SSL_connect(first.ssl) != 1) fail("TLS");
        }
        const auto text = request();
        (void)write(first, text);
        std::array<char, 65536> bytes{};
        while (etag_.empty()) {
            const auto count = read(first, bytes.data(), bytes.size());
            if (count <= 0) fail("first answer");
            first.head.append(bytes.data(), std::size_t(count));
            note_etag(first.head);
        }
        close(first);
    }

    void note_etag(const std::string& head) {
        const auto at = head.find("\r\nETag: ");
        if (at != std::string::npos) etag_ = head.substr(at + 8, head.find('\r', at + 8) - at - 8);
    }

    int open(int flags) const {
        const int socket = ::socket(AF_INET, SOCK_STREAM | flags, 0);
        if (socket < 0) fail("socket");
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port_));
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0 &&
            errno != EINPROGRESS)
            fail("connect");
        return socket;
    }

    void connect(Node& node) {
        node.state = Node::State::connecting;
        node.socket = open(SOCK_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.ptr = &node;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, node.socket, &event) != 0) fail("epoll");
    }

    static void close(Node& node) {
        SSL_free(node.ssl);
        (void)::close(node.socket);
        node = Node();
    }

    void step(Node& node) {
        using State = Node::State;
        if (node.state == State::connecting) {
            int error = 0;
            socklen_t size = sizeof(error);
            (void)::getsockopt(node.socket, SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) return again(node);
            node.state = State::shaking_hands;
            if (context_ != nullptr) {
                node.ssl = SSL_new(context_);
                SSL_set_fd(node.ssl, node.socket);
            }
        }
        if (node.state == State::shaking_hands) {
            const int done = node.ssl == nullptr ? 1 : SSL_connect(node.ssl);
            if (done != 1)
                return SSL_get_error(node.ssl, done) == SSL_ERROR_SYSCALL ? again(node) : void();
            node.state = State::sending;
        }
        if (node.state == State::sending) ask(node);
        if (node.state == State::waiting) receive(node);
    }

    void again(Node& node) {
        if (node.state == Node::State::waiting) --asked_;
        close(node);
        again_.push_back(&node);
    }

    void ask(Node& node) {
        if (request_.empty()) request_ = request();
        if (write(node, request_) != static_cast<ssize_t>(request_.size())) return again(node);
        node.state = Node::State::waiting;
        if (++asked_ == nodes_.size()) say("sent\n");
    }

    void receive(Node& node) {
        static std::array<char, std::size_t{256} * 1024> bytes;
        for (;;) {
            const auto count = read(node, bytes.data(), bytes.size());
            if (count < 0) return;
            if (count == 0) return again(node);
            bytes_ += static_cast<std::size_t>(count);
            if (take(node, {bytes.data(), static_cast<std::size_t>(count)})) return on_told(node);
        }
    }

    // Whether the answer is complete.
    static bool take(Node& node, std::string_view bytes) {
        if (!node.in_body) {
            node.head += bytes;
            const auto end = node.head.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            const auto length = node.head.find("Content-Length: ");
            node.body_left =
                length < end ? std::strtoul(node.head.c_str() + length + 16, nullptr, 10) : 0;
            node.in_body = true;
            bytes = std::string_view(node.head).substr(end + 4);
            node.body_left -= bytes.size();
        } else {
            node.body_left -= bytes.size();
        }
        return node.body_left == 0;
    }

    void on_told(Node& node) {
        last_ = now();
        if (told_++ == 0) first_ = last_;
        note_etag(node.head);
        node.head.clear();
        node.in_body = false;
        node.state = Node::State::told;
        if (told_ < nodes_.size()) return;
        std::array<char, 128> line{};
        (void)std::snprintf(line.data(), line.size(), "told %.6f %.6f %zu\n", first_, last_,
                            bytes_);
        say(line.data());
        told_ = asked_ = bytes_ = 0;
        request_.clear();
    }

    bool read_line() {
        std::array<char, 16> line{};
        if (::read(STDIN_FILENO, line.data(), line.size()) <= 0) return false;
        for (auto& node : nodes_) ask(node);
        return true;
    }

    static ssize_t write(Node& node, std::string_view text) {
        return node.ssl == nullptr ? ::send(node.socket, text.data(), text.size(), MSG_NOSIGNAL)
                                   : SSL_write(node.ssl, text.data(), int(text.size()));
    }

    // Negative: later. Zero: over.
    static ssize_t read(Node& node, char* to, std::size_t size) {
        if (node.ssl == nullptr) {
            const auto count = ::recv(node.socket, to, size, 0);
            return count < 0 && errno != EAGAIN ? 0 : count;
        }
        const int count = SSL_read(node.ssl, to, int(size));
        if (count > 0) return count;
        return SSL_get_error(node.ssl, count) == SSL_ERROR_WANT_READ ? -1 : 0;
    }

    static void say(const char* line) {
        (void)std::fputs(line, stdout);
        (void)std::fflush(stdout);
    }

    const int port_;
    const std::string project_, token_;
    std::vector<Node> nodes_;
    std::vector<Node*> again_;  // to be connected
    SSL_CTX* context_ = nullptr;
    int epoll_ = -1;
    std::string etag_, request_;
    std::size_t asked_ = 0, told_ = 0, bytes_ = 0;
    double first_ = 0, last_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    (void)std::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    Nodes(std::atoi(argv[1]), argv[2], argv[3], std::strtoul(argv[4], nullptr, 10),
          std::string_view(argv[5]) == "tls")
        .run();
    return 0;
}
