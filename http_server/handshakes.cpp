// SPDX-License-Identifier: Apache-2.0
#include "http_server/handshakes.h"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace together::http {
namespace {

namespace net = boost::asio;

constexpr std::size_t threads = 2;
constexpr std::size_t a_crowd = 500;
constexpr int a_crowd_is_nicer = 5;  // who is connected already comes first

// What this thread computed so far.
std::chrono::nanoseconds computed() {
    timespec time{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Who sends nothing more, and has read nothing of ours, cannot finish.
bool is_gone(int socket, const TlsTransport& tls) {
    pollfd state{socket, POLLRDHUP, 0};
    return !tls.has_answered() && ::poll(&state, 1, 0) > 0;
}

}  // namespace

struct Handshakes::Worker {
    Worker(const char* name, int nicer, Allowance* allowed)
        : allowance(allowed), thread([this, name, nicer] { run(name, nicer); }) {}
    ~Worker() {
        io.stop();
        thread.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run(const char* name, int nicer) {
        (void)::pthread_setname_np(::pthread_self(), name);
        if (nicer > 0) {
            const auto self = static_cast<id_t>(::gettid());
            (void)::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + nicer);
        }
        io.run();
    }

    Allowance* const allowance;  // null: no end to it
    net::io_context io{1};
    net::executor_work_guard<net::io_context::executor_type> work{io.get_executor()};
    std::thread thread;  // the last, so that it finds the others made
};

// One that is under way, with one worker after another.
class Handshakes::Handshake : public std::enable_shared_from_this<Handshake> {
  public:
    Handshake(net::io_context& home, int socket, std::shared_ptr<TlsTransport> tls, Done done)
        : home_(home), socket_(socket), tls_(std::move(tls)), done_(std::move(done)) {}
    // The descriptor is not ours to close.
    ~Handshake() { let_go(); }
    Handshake(const Handshake&) = delete;
    Handshake& operator=(const Handshake&) = delete;

    // `crowd` takes it where `worker` has computed its part.
    void go_to(Worker& worker, Worker& crowd) {
        let_go();
        net::post(worker.io, [this, &worker, &crowd, self = shared_from_this()] {
            worker_ = &worker;
            crowd_ = &crowd;
            descriptor_.emplace(worker.io, socket_);
            go_on();
        });
    }

  private:
    void go_on() {
        using enum Transport::State;
        auto* const allowance = worker_->allowance;
        if (allowance != nullptr && !allowance->is_left(std::chrono::steady_clock::now()))
            return go_to(*crowd_, *crowd_);
        if (tls_ && is_gone(socket_, *tls_)) tls_.reset();
        const auto before = computed();
        const auto state = tls_ ? tls_->handshake().state : over;
        if (allowance != nullptr)
            allowance->use(std::chrono::steady_clock::now(), computed() - before);
        if (state == needs_readable) return await(net::posix::stream_descriptor::wait_read);
        if (state == needs_writable) return await(net::posix::stream_descriptor::wait_write);
        if (state == over) tls_.reset();
        let_go();
        net::post(home_, [done = std::move(done_), tls = std::move(tls_)] { done(tls); });
    }

    void await(net::posix::stream_descriptor::wait_type readiness) {
        descriptor_->async_wait(readiness, [self = shared_from_this()](const auto&) {
            self->go_on();  // an error shows there
        });
    }

    void let_go() {
        if (descriptor_ && descriptor_->is_open()) (void)descriptor_->release();
        descriptor_.reset();
    }

    net::io_context& home_;
    const int socket_;
    std::shared_ptr<TlsTransport> tls_;
    Done done_;
    Worker* worker_ = nullptr;
    Worker* crowd_ = nullptr;
    std::optional<net::posix::stream_descriptor> descriptor_;
};

Handshakes::Handshakes(net::io_context& home, std::shared_ptr<SSL_CTX> certificates)
    : home_(home), certificates_(std::move(certificates)) {
    for (std::size_t i = 0; i < threads; ++i)
        crowds_.push_back(std::make_unique<Worker>("handshakes", a_crowd_is_nicer, nullptr));
    few_ = std::make_unique<Worker>("handshakes-few", 0, &allowance_);
}

Handshakes::~Handshakes() = default;

void Handshakes::begin(int socket, Done done) {
    ++under_way_;
    auto at_home = [this, done = std::move(done)](std::shared_ptr<Transport> tls) {
        on_done();
        done(std::move(tls));
    };
    auto& crowd = *crowds_[next_++ % crowds_.size()];
    const bool is_one_of_few = allowance_.is_left(std::chrono::steady_clock::now());
    // Made here and not there: two thirds of what a connection keeps, which would lie between what
    // handshakes need for a while, in memory full of holes.
    std::make_shared<Handshake>(home_, socket, tls_transport(socket, certificates_.get()),
                                std::move(at_home))
        ->go_to(is_one_of_few ? *few_ : crowd, crowd);
}

// Each needs 30 KiB more while it is under way, between the rest of what its connection keeps:
// without this a crowd of them leaves half of the memory in holes.
void Handshakes::on_done() {
    ++since_trimmed_;
    if (--under_way_ > 0 || since_trimmed_ < a_crowd) return;
    since_trimmed_ = 0;
    net::post(crowds_.front()->io, [] { (void)::malloc_trim(0); });
}

}  // namespace together::http
