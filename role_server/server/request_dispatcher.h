// SPDX-License-Identifier: Apache-2.0
// The backend of the HTTP connections: hands requests to the handler on threads that may wait for
// the database, and holds those that wait for a change. Each kind of work has threads and a queue
// of its own, so that none keeps another waiting. Made, used and destroyed on the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http_server/backend.h"
#include "role_server/server/deliveries.h"
#include "role_server/server/long_polls.h"
#include "role_server/server/request_handler.h"
#include "role_server/server/request_log.h"

namespace together::roled {

class RequestDispatcher final : public http::Backend {
  public:
    // `metrics` and `log` outlive it; may be null.
    RequestDispatcher(boost::asio::io_context& io, RequestHandler& handler, std::size_t max_waiters,
                      Metrics* metrics = nullptr, RequestLog* log = nullptr);
    ~RequestDispatcher() override;
    RequestDispatcher(const RequestDispatcher&) = delete;
    RequestDispatcher& operator=(const RequestDispatcher&) = delete;

    void ask(std::shared_ptr<const Request> request, std::shared_ptr<http::Asker> asker) override;
    // Of the routes that take a long body, to the bearers of good tokens.
    void ask_for_place(std::shared_ptr<const Request> head, http::PlaceTold told) override;
    void cancel(http::Ticket ticket) override;
    std::string answered_id(const Request& request) const override;
    http::Response render(const http::Refusal& refusal) const override;
    void report(std::string_view sentence) override;
    void on_answered(const Request& request, unsigned status,
                     std::chrono::nanoseconds took) override;
    bool stopping() const override { return stopping_; }

    std::size_t waiting() const { return long_polls_.waiting(); }

    // From now on no long poll is taken, /readyz says 503, and connections end with their next
    // answer.
    void begin_to_stop();

  private:
    using Askers = Deliveries::Askers;
    // Since when there is news for them; nothing where it is none.
    using Told = std::optional<std::chrono::steady_clock::time_point>;

    struct Queue {
        Queue(std::size_t threads, std::size_t most) : pool(threads), max_asked(most) {}
        boost::asio::thread_pool pool;
        const std::size_t max_asked;
        std::size_t asked = 0;
    };

    // One question, asked by one or by many: equal ones that wait already are answered together.
    struct Question {
        std::shared_ptr<const Request> request;
        std::string key;  // empty: only this one's
        std::mutex mutex;
        bool begun = false;
        // Nobody joins once it has begun. What each says of itself, Together-Node, has its place.
        Askers askers;
        std::vector<std::string> nodes;
    };

    Queue& queue_of(Work work, const Request& request);
    void answer_here(std::shared_ptr<http::Asker> asker, Response response);
    bool join(const std::string& key, const std::shared_ptr<http::Asker>& asker, std::string& node);
    void enqueue(Queue& queue, Work work, std::shared_ptr<Question> question);
    void on_answer(Queue& queue, Work work, const std::shared_ptr<Question>& question,
                   Response response);
    void note_nodes(Question& question, const Response& response);
    void park(const Question& question, const std::shared_ptr<const Response>& response);
    void tell(boost::asio::thread_pool& tellers, std::vector<LongPolls::Due> due);
    void deliver(std::shared_ptr<const http::Response> response, Askers askers, Told told = {});
    void note(const Told& told);
    void remove_what_is_over();
    void look(std::vector<std::string> projects, std::function<void(LongPolls::Looked)> done);
    void look_at_nodes(std::vector<std::string> projects,
                       std::function<void(LongPolls::Looked)> done);

    boost::asio::io_context& io_;
    RequestHandler& handler_;
    Metrics* const metrics_;
    RequestLog* const log_;
    LongPolls long_polls_, node_polls_;
    std::unordered_map<std::string, std::shared_ptr<Question>> joinable_;
    Deliveries deliveries_;
    Queue probes_, questions_, batches_, reads_, changes_;
    boost::asio::thread_pool tellers_, node_tellers_, watcher_;
    boost::asio::steady_timer over_;
    bool stopping_ = false;
};

}  // namespace together::roled
