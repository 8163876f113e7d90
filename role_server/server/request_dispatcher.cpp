// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/request_dispatcher.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "role_server/base/log.h"
#include "role_server/messages/json.h"
#include "role_server/server/client_request_id.h"

namespace together::roled {
namespace {

namespace net = boost::asio;

// About two seconds of work; who comes later is better told so than kept waiting.
constexpr std::size_t max_asked = 5'000;

// A gateway's one question takes some 200 bytes. A hundred of them are a hundred times the work,
// for which nobody's one waits.
constexpr std::size_t max_question = 1024;

// Receipts that people and programs wait for.
constexpr std::size_t max_node_polls = 1'000;

constexpr const char* too_many_wait = "Too many requests wait already.";

constexpr std::string_view node_header = "together-node";

// A long poll of a node: as long as it is held, the node is there.
class HeldByNode final : public http::Asker {
  public:
    HeldByNode(std::shared_ptr<http::Asker> asker, std::unique_ptr<Nodes::Held> held)
        : asker_(std::move(asker)), held_(std::move(held)) {}

    void on_answer(const std::shared_ptr<const http::Response>& response) override {
        asker_->on_answer(response);
    }
    void on_parked(http::Ticket ticket, std::chrono::seconds at_most, bool trusted) override {
        asker_->on_parked(ticket, at_most, trusted);
    }

  private:
    const std::shared_ptr<http::Asker> asker_;
    const std::unique_ptr<Nodes::Held> held_;
};

// Of both lists: which one it is of is its last bit.
http::Ticket ticket_of(http::Ticket ticket, bool is_for_nodes) {
    return ticket << 1U | (is_for_nodes ? 1U : 0U);
}

Response overloaded() {
    return error_response({503, "overloaded", too_many_wait, {}});
}

// Requests with equal keys have equal answers, if asked at the same time. Empty: it has none.
std::string key_of(const Request& request) {
    if (request.method != "GET" || !request.body.empty()) return {};
    std::string key = request.target;
    for (const auto& [name, value] : request.headers)
        if (name != node_header) key += '\n' + name + ':' + value;
    return key;
}

}  // namespace

RequestDispatcher::RequestDispatcher(net::io_context& io, RequestHandler& handler,
                                     std::size_t max_waiters, Metrics* metrics, RequestLog* log)
    : io_(io),
      handler_(handler),
      metrics_(metrics),
      log_(log),
      long_polls_(
          io, {max_waiters},
          [this](std::vector<std::string> projects, std::function<void(LongPolls::Looked)> done) {
              look(std::move(projects), std::move(done));
          },
          [this](std::vector<LongPolls::Due> due) { tell(tellers_, std::move(due)); }),
      node_polls_(
          io, {max_node_polls},
          [this](std::vector<std::string> projects, std::function<void(LongPolls::Looked)> done) {
              look_at_nodes(std::move(projects), std::move(done));
          },
          [this](std::vector<LongPolls::Due> due) { tell(node_tellers_, std::move(due)); }),
      deliveries_(io),
      probes_(1, SIZE_MAX),
      questions_(2, max_asked),
      batches_(1, max_asked),
      reads_(4, max_asked),
      changes_(1, max_asked),
      tellers_(2),
      node_tellers_(1),
      watcher_(1),
      over_(io) {
    remove_what_is_over();
}

RequestDispatcher::~RequestDispatcher() {
    for (auto* pool : {&probes_.pool, &questions_.pool, &batches_.pool, &reads_.pool,
                       &changes_.pool, &tellers_, &node_tellers_, &watcher_})
        pool->join();
}

RequestDispatcher::Queue& RequestDispatcher::queue_of(Work work, const Request& request) {
    switch (work) {
        case Work::liveness:
        case Work::probe:
            return probes_;
        case Work::question:
            return request.body.size() > max_question ? batches_ : questions_;
        case Work::change:
            return changes_;
        case Work::read:
            break;
    }
    return reads_;
}

void RequestDispatcher::ask(std::shared_ptr<const Request> request,
                            std::shared_ptr<http::Asker> asker) {
    const auto work = work_of(request->method, request->target);
    // Behind one that waits for the database it would be late, and the process be restarted for it.
    if (work == Work::liveness)
        return answer_here(std::move(asker), handler_.answer(*request, Phase::answer_now));
    auto& queue = queue_of(work, *request);
    const bool may_join = work == Work::read || work == Work::probe;
    auto key = may_join ? key_of(*request) : std::string();
    auto node = header(*request, node_header).value_or("");
    if (join(key, asker, node)) return;
    if (queue.asked >= queue.max_asked) return answer_here(std::move(asker), overloaded());
    auto question = std::make_shared<Question>();
    question->request = std::move(request);
    question->key = std::move(key);
    question->askers.push_back(std::move(asker));
    question->nodes.push_back(std::move(node));
    if (!question->key.empty()) joinable_[question->key] = question;
    enqueue(queue, work, std::move(question));
}

// What needs no other thread.
void RequestDispatcher::answer_here(std::shared_ptr<http::Asker> asker, Response response) {
    net::post(io_, [asker = std::move(asker), response = std::make_shared<const Response>(std::move(
                                                  response))] { asker->on_answer(response); });
}

// On the threads that will answer it.
void RequestDispatcher::ask_for_place(std::shared_ptr<const Request> head, http::PlaceTold told) {
    if (!takes_long_body(head->method, head->target))
        return told(tl::unexpected(http::body_too_large()));
    if (batches_.asked >= batches_.max_asked)
        return told(tl::unexpected(http::Refusal{503, "overloaded", too_many_wait}));
    ++batches_.asked;
    net::post(batches_.pool, [this, head = std::move(head), told = std::move(told)]() mutable {
        auto place = handler_.place_for(*head);
        net::post(io_, [this, place = std::move(place), told = std::move(told)]() mutable {
            --batches_.asked;
            told(std::move(place));
        });
    });
}

bool RequestDispatcher::join(const std::string& key, const std::shared_ptr<http::Asker>& asker,
                             std::string& node) {
    const auto found = key.empty() ? joinable_.end() : joinable_.find(key);
    if (found == joinable_.end()) return false;
    auto& question = *found->second;
    const std::lock_guard lock(question.mutex);
    if (question.begun) return false;
    question.askers.push_back(asker);
    question.nodes.push_back(std::move(node));
    return true;
}

// The question is given back too: the connections must end on the I/O thread.
void RequestDispatcher::enqueue(Queue& queue, Work work, std::shared_ptr<Question> question) {
    ++queue.asked;
    net::post(queue.pool, [this, &queue, work, question = std::move(question)]() mutable {
        {
            const std::lock_guard lock(question->mutex);
            question->begun = true;
        }
        auto response = handler_.answer(*question->request, Phase::may_long_poll);
        net::post(io_, [this, &queue, work, question = std::move(question),
                        response = std::move(response)]() mutable {
            on_answer(queue, work, question, std::move(response));
        });
    });
}

void RequestDispatcher::on_answer(Queue& queue, Work work,
                                  const std::shared_ptr<Question>& question, Response response) {
    --queue.asked;
    const auto found = joinable_.find(question->key);
    if (found != joinable_.end() && found->second == question) joinable_.erase(found);
    if (work == Work::change && response.status < 400) long_polls_.on_change();
    const auto shared = std::make_shared<const Response>(std::move(response));
    note_nodes(*question, *shared);
    if (shared->long_poll)
        park(*question, shared);
    else
        deliver(shared, std::move(question->askers));
}

// One answer for many: each has its own word counted.
void RequestDispatcher::note_nodes(Question& question, const Response& response) {
    if (!response.node_request) return;
    const auto& node = *response.node_request;
    const auto now = now_milliseconds();
    for (std::size_t i = 0; i < question.askers.size(); ++i) {
        const auto report = read_node_report(question.nodes[i]);
        if (!report || !handler_.nodes().seen(node, *report, now)) continue;
        if (!response.long_poll) continue;
        auto& asker = question.askers[i];
        asker = std::make_shared<HeldByNode>(std::move(asker),
                                             handler_.nodes().hold(node.project_id, report->name));
    }
}

void RequestDispatcher::cancel(http::Ticket ticket) {
    ((ticket & 1U) != 0 ? node_polls_ : long_polls_).cancel(ticket >> 1U);
}

void RequestDispatcher::park(const Question& question,
                             const std::shared_ptr<const Response>& response) {
    const auto& poll = *response->long_poll;
    auto& polls = poll.is_for_nodes ? node_polls_ : long_polls_;
    Askers at_once;
    for (const auto& asker : question.askers) {
        const auto ticket = polls.add(poll, *question.request, !response->trusted, asker);
        if (ticket)
            asker->on_parked(ticket_of(*ticket, poll.is_for_nodes), poll.wait, response->trusted);
        else
            at_once.push_back(asker);
    }
    deliver(response, std::move(at_once));
}

// Receipts are told apart: no cluster waits for those who watch another one's.
void RequestDispatcher::tell(net::thread_pool& tellers, std::vector<LongPolls::Due> due) {
    const auto now = std::chrono::steady_clock::now();
    for (auto& one : due)
        net::post(tellers, [this, now, one = std::move(one)]() mutable {
            auto response =
                std::make_shared<const Response>(handler_.answer(*one.request, Phase::answer_now));
            net::post(io_, [this, now, response = std::move(response),
                            askers = std::move(one.askers)]() mutable {
                const Told told = response->status == 200 ? Told(now) : std::nullopt;
                deliver(std::move(response), std::move(askers), told);
            });
        });
}

void RequestDispatcher::deliver(std::shared_ptr<const http::Response> response, Askers askers,
                                Told told) {
    deliveries_.add(std::move(response), std::move(askers), [this, told] { note(told); });
}

void RequestDispatcher::note(const Told& told) {
    if (metrics_ == nullptr || !told) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - *told;
    metrics_->told(took.count());
}

void RequestDispatcher::look(std::vector<std::string> projects,
                             std::function<void(LongPolls::Looked)> done) {
    net::post(watcher_, [this, projects = std::move(projects), done = std::move(done)]() mutable {
        LongPolls::Looked looked;
        looked.counter = handler_.counter();
        if (!projects.empty()) looked.revisions = handler_.revisions(projects);
        net::post(io_, [done = std::move(done), looked = std::move(looked)] { done(looked); });
    });
}

void RequestDispatcher::look_at_nodes(std::vector<std::string> projects,
                                      std::function<void(LongPolls::Looked)> done) {
    net::post(watcher_, [this, projects = std::move(projects), done = std::move(done)]() mutable {
        auto progress = handler_.progress_of_nodes(projects);
        const LongPolls::Looked looked{progress.all, std::move(progress.of_projects)};
        net::post(io_, [done = std::move(done), looked] { done(looked); });
    });
}

// Once a second: what has an end is told as over at most so much later. Whoever decides looks at
// the time anyway.
void RequestDispatcher::remove_what_is_over() {
    over_.expires_after(std::chrono::seconds(1));
    over_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        net::post(changes_.pool, [this] {
            const bool told = handler_.remove_what_is_over();
            net::post(io_, [this, told] {
                if (told) long_polls_.on_change();
                remove_what_is_over();
            });
        });
    });
}

std::string RequestDispatcher::answered_id(const Request& request) const {
    return client_request_id(request).value_or(request.id);
}

http::Response RequestDispatcher::render(const http::Refusal& refusal) const {
    return error_response({refusal.status, refusal.code, refusal.message, {}});
}

void RequestDispatcher::report(std::string_view sentence) {
    write_log(sentence);
}

void RequestDispatcher::on_answered(const Request& request, unsigned status,
                                    std::chrono::nanoseconds took) {
    if (log_ != nullptr) log_->answered(request, status, took, now_seconds());
}

void RequestDispatcher::begin_to_stop() {
    stopping_ = true;
    over_.cancel();
    handler_.begin_draining();
    long_polls_.release_all();
    node_polls_.release_all();
}

}  // namespace together::roled
