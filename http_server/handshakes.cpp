// SPDX-License-Identifier: Apache-2.0
#include "http_server/handshakes.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

namespace together::http {
namespace {

namespace net = boost::asio;

constexpr std::size_t threads = 2;
constexpr std::size_t a_crowd = 500;
constexpr int niceness = 5;  // who is connected already comes first

class Handshake : public std::enable_shared_from_this<Handshake> {
  public:
    Handshake(net::io_context& here, net::io_context& home, int socket,
              std::shared_ptr<TlsTransport> tls, Handshakes::Done done)
        : home_(home), descriptor_(here, socket), tls_(std::move(tls)), done_(std::move(done)) {}
    // The descriptor is not ours to close.
    ~Handshake() {
        if (descriptor_.is_open()) (void)descriptor_.release();
    }
    Handshake(const Handshake&) = delete;
    Handshake& operator=(const Handshake&) = delete;

    void go_on() {
        using enum Transport::State;
        const auto state = tls_ ? tls_->handshake().state : over;
        if (state == needs_readable) return await(net::posix::stream_descriptor::wait_read);
        if (state == needs_writable) return await(net::posix::stream_descriptor::wait_write);
        if (state == over) tls_.reset();
        (void)descriptor_.release();
        net::post(home_, [done = std::move(done_), tls = std::move(tls_)] { done(tls); });
    }

  private:
    void await(net::posix::stream_descriptor::wait_type readiness) {
        descriptor_.async_wait(readiness, [self = shared_from_this()](const auto&) {
            self->go_on();  // an error shows there
        });
    }

    net::io_context& home_;
    net::posix::stream_descriptor descriptor_;
    std::shared_ptr<TlsTransport> tls_;
    Handshakes::Done done_;
};

}  // namespace

struct Handshakes::Worker {
    Worker() : thread([this] { run(); }) {}
    ~Worker() {
        io.stop();
        thread.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run() {
        (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
        io.run();
    }

    net::io_context io{1};
    net::executor_work_guard<net::io_context::executor_type> work{io.get_executor()};
    std::thread thread;  // the last, so that it finds the others made
};

Handshakes::Handshakes(net::io_context& home, std::shared_ptr<SSL_CTX> certificates)
    : home_(home), certificates_(std::move(certificates)) {
    for (std::size_t i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

Handshakes::~Handshakes() = default;

void Handshakes::begin(int socket, Done done) {
    ++under_way_;
    auto& here = workers_[next_++ % workers_.size()]->io;
    auto at_home = [this, done = std::move(done)](std::shared_ptr<Transport> tls) {
        on_done();
        done(std::move(tls));
    };
    // Made here and not there: two thirds of what a connection keeps, which would lie between what
    // handshakes need for a while, in memory full of holes.
    net::post(here, [&here, &home = home_, socket,
                     tls = std::shared_ptr(tls_transport(socket, certificates_.get())),
                     at_home = std::move(at_home)]() mutable {
        std::make_shared<Handshake>(here, home, socket, std::move(tls), std::move(at_home))
            ->go_on();
    });
}

// Each needs 30 KiB more while it is under way, between the rest of what its connection keeps:
// without this a crowd of them leaves half of the memory in holes.
void Handshakes::on_done() {
    ++since_trimmed_;
    if (--under_way_ > 0 || since_trimmed_ < a_crowd) return;
    since_trimmed_ = 0;
    net::post(workers_.front()->io, [] { (void)::malloc_trim(0); });
}

}  // namespace together::http
