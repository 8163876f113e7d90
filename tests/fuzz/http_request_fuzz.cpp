// SPDX-License-Identifier: Apache-2.0
// What anybody may send to together-roled's port, through its own parser, guard, router and
// handlers, with a database behind them. Never a crash, never a 500; see Examiner for what else.
//
//   http_request_fuzz [STREAMS [SEED]]       the same ones each time
//   http_request_fuzz --seconds N [SEED]     others each time, unless with the SEED that is printed
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "role_server/access/credentials.h"
#include "role_server/api/router.h"
#include "role_server/messages/json.h"
#include "role_server/model/audit.h"
#include "role_server/model/invariants.h"
#include "role_server/server/request_handler.h"
#include "tests/fuzz/authority_world.h"
#include "tests/fuzz/http_answers.h"
#include "tests/fuzz/http_exchange.h"
#include "tests/fuzz/request_generator.h"

namespace together::fuzz {
namespace {

using Clock = std::chrono::steady_clock;
using Pieces = std::vector<std::string_view>;

// Then everything begins anew: what is deleted is there again, and keys may ask again.
constexpr std::size_t streams_of_a_world = 50;

struct Misbehaviour : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void must(bool holds, const std::string& what) {
    if (!holds) throw Misbehaviour(what);
}

// The text as C++ would write it.
std::string escaped(std::string_view bytes) {
    std::string text;
    for (const char c : bytes.substr(0, 4'000)) {
        char code[8];
        (void)std::snprintf(code, sizeof(code), "\\%03o", static_cast<unsigned char>(c));
        text += c == '\r'               ? "\\r"
                : c == '\n'             ? "\\n\n"
                : c >= 0x20 && c < 0x7f ? std::string(1, c)
                                        : code;
    }
    return text;
}

class Database {
  public:
    Database() {
        const char* folder = std::getenv("TMPDIR");
        const auto base = std::string(folder != nullptr ? folder : "/dev/shm") +
                          "/together-http-fuzz-" + std::to_string(::getpid());
        fresh_ = base + ".fresh.db";
        used_ = base + ".db";
        remove_database(fresh_);
        world_ = make_world(fresh_);
    }
    ~Database() {
        for (const auto& db : {fresh_, used_}) remove_database(db);
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    const World& world() const { return world_; }
    // As it was at first.
    const std::string& fresh() {
        copy_database(fresh_, used_);
        return used_;
    }

  private:
    std::string fresh_, used_;
    World world_;
};

// Which routes have done what they are for.
using Seen = std::map<std::string, std::map<unsigned, std::size_t>>;

// A server, for some streams.
class Examiner {
  public:
    Examiner(const std::string& db, Seen& seen)
        : handler_(db), store_(std::move(*roled::Store::open(db))), seen_(seen) {
        content_ = content_of(*store_);
    }

    void examine(const Stream& stream, const Pieces& pieces) {
        const auto alike = read_in_one_piece(stream.bytes);
        boost::asio::io_context io(1);
        bytes_ = stream.bytes;
        PromptBackend backend(
            io, [this](const auto& request, auto phase) { return answer(request, phase); });
        const auto received = exchange(io, backend, pieces);
        must_be_alike(alike, told(backend));
        must(stream.changed || backend.asked().size() <= stream.max_requests,
             "a request is read that was none");
        for (const auto& request : backend.asked()) {
            if (!stream.changed) examine(request);
            if (request.method != "GET") written_ += request.body;
        }
        examine(answers_in(received, bytes_.find("HEAD ") != std::string_view::npos), backend);
    }

    // Of all that happened.
    void examine_database() {
        const roled::Transaction snapshot(*store_, roled::Transaction::Mode::read);
        for (const auto& broken : roled::broken_invariants(*store_, roled::now_seconds()))
            throw Misbehaviour(broken.id + ": " + broken.sentence);
        const auto verified = roled::verify_trail(*store_);
        must(verified.has_value(), verified ? "" : "the trail: " + verified.error().message);
    }

  private:
    struct Told {
        std::vector<std::string> requests, refusals;
    };

    static Told told(const PromptBackend& backend) {
        Told told{{}, backend.refused()};
        for (const auto& request : backend.asked()) {
            auto text = request.method + ' ' + request.target + '\n';
            for (const auto& [name, value] : request.headers) text += name + ": " + value + '\n';
            told.requests.push_back(text + '\n' + request.body);
        }
        return told;
    }

    static bool is_too_long(const Told& told) {
        return !told.refusals.empty() && told.refusals.front().starts_with("431");
    }

    // What is no HTTP may be refused at once, or the rest of its line be waited for; and how much
    // too long a head is that is refused for it, Beast does not say to the byte.
    static void must_be_alike(const Told& one, const Told& other) {
        const bool both_refused = !one.refusals.empty() && !other.refusals.empty();
        if (one.requests == other.requests && (!both_refused || one.refusals == other.refusals))
            return;
        const auto& [fewer, more] = std::minmax(one, other, [](const Told& a, const Told& b) {
            return a.requests.size() < b.requests.size();
        });
        if (is_too_long(one) || is_too_long(other))
            if (std::equal(fewer.requests.begin(), fewer.requests.end(), more.requests.begin()))
                return;
        std::string text = "it depends on how the bytes come what is read from them:\n";
        for (const auto* told : {&one, &other})
            for (const auto* part : {&told->requests, &told->refusals})
                for (const auto& line : *part) text += escaped(line) + '\n';
        throw Misbehaviour(text);
    }

    // By a server with nothing behind it.
    static Told read_in_one_piece(std::string_view bytes) {
        boost::asio::io_context io(1);
        PromptBackend backend(io, [](const auto&, auto) { return roled::Response(); });
        (void)exchange(io, backend, {bytes});
        return told(backend);
    }

    roled::Response answer(const roled::Request& request, roled::Phase phase) {
        auto response = handler_.answer(request, phase);
        const auto route = roled::route_of(request.method, request.target);
        ++seen_[route][response.status];
        auto content = content_of(*store_);
        const bool may_change =
            response.status < 300 &&
            roled::work_of(request.method, request.target) == roled::Work::change &&
            request.target.find("dry_run=true") == std::string::npos;
        must(may_change || content == content_, "something is changed by " + request.method + ' ' +
                                                    request.target + ", answered " +
                                                    std::to_string(response.status));
        content_ = std::move(content);
        return response;
    }

    static void examine(const http::Request& request) {
        for (const auto& [name, value] : request.headers)
            must(name != unwanted && value.find(unwanted) == std::string::npos,
                 "a header is taken from where there are none");
    }

    void examine(const std::vector<WireAnswer>& answers, const PromptBackend& backend) {
        must(answers.size() == backend.asked().size() + backend.refused().size(),
             std::to_string(answers.size()) + " answers to " +
                 std::to_string(backend.asked().size()) + " requests");
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const auto& one = answers[i];
            if (const auto wrong = fault_of(one); !wrong.empty())
                throw Misbehaviour(wrong + ":\n" + escaped(one.head + one.body));
            const bool creation = i < backend.asked().size() &&
                                  backend.asked()[i].method == "POST" &&
                                  (one.status == 201 || one.status == 202) &&
                                  one.headers.count("idempotency-replayed") == 0;
            if (!creation) examine_secrets(one.head + one.body);
        }
    }

    // None that the client has not sent itself, or put there before: a token may be a name.
    void examine_secrets(std::string_view text) const {
        constexpr std::size_t token_size = 52;
        for (auto at = text.find("tg"); at != std::string_view::npos;
             at = text.find("tg", at + 1)) {
            const auto token = text.substr(at, token_size);
            must(!roled::read_token(token) || bytes_.find(token) != std::string_view::npos ||
                     written_.find(token) != std::string::npos,
                 "an answer has a secret: " + std::string(token));
        }
    }

    roled::RequestHandler handler_;
    const std::unique_ptr<roled::Store> store_;
    Seen& seen_;
    std::string content_;
    std::string_view bytes_;  // of this stream
    std::string written_;     // bodies of this world
};

// Anywhere; often in the middle of a line's end.
Pieces cut(std::string_view bytes, const std::function<std::size_t(std::size_t)>& below) {
    std::set<std::size_t> cuts{0, bytes.size()};
    for (auto left = below(6); left > 0 && !bytes.empty(); --left) {
        const auto at = below(bytes.size());
        const auto line = bytes.find('\r', at);
        cuts.insert(below(2) == 0 || line == std::string_view::npos ? at : line + 1);
    }
    if (bytes.size() < 400 && below(8) == 0)
        for (std::size_t at = 0; at < bytes.size(); ++at) cuts.insert(at);
    Pieces pieces;
    for (auto at = cuts.begin(); std::next(at) != cuts.end(); ++at)
        pieces.push_back(bytes.substr(*at, *std::next(at) - *at));
    return pieces;
}

}  // namespace
}  // namespace together::fuzz

#ifdef TOGETHER_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace together::fuzz;
    static Database database;
    Seen seen;
    Examiner examiner(database.fresh(), seen);
    Stream stream{{reinterpret_cast<const char*>(data), size}, 0, true};
    std::minstd_rand random(static_cast<unsigned>(size));
    examiner.examine(stream,
                     cut(stream.bytes, [&](std::size_t limit) { return random() % limit; }));
    return 0;
}

#else

namespace together::fuzz {
namespace {

// True where all is well.
bool play(Database& database, unsigned seed, std::size_t streams, Seen& seen) {
    Examiner examiner(database.fresh(), seen);
    RequestGenerator generator(database.world(), seed);
    for (std::size_t i = 0; i < streams; ++i) {
        const auto stream = generator.next();
        const auto pieces =
            cut(stream.bytes, [&](std::size_t limit) { return generator.below(limit); });
        try {
            examiner.examine(stream, pieces);
        } catch (const std::exception& error) {
            std::printf("%s\nstream %zu of http_request_fuzz %zu %u, in %zu pieces:\n%s\n",
                        error.what(), i, streams_of_a_world, seed, pieces.size(),
                        escaped(stream.bytes).c_str());
            return false;
        }
    }
    try {
        examiner.examine_database();
    } catch (const std::exception& error) {
        std::printf("after http_request_fuzz %zu %u: %s\n", streams_of_a_world, seed, error.what());
        return false;
    }
    return true;
}

// Where a route never did what it is for, nothing behind it was tried.
bool all_routes_worked(const Seen& seen) {
    bool all = true;
    for (const auto& route : roled::routes()) {
        const auto name = roled::route_of(route.method, route.path);
        const auto found = seen.find(name);
        const auto* statuses = found == seen.end() ? nullptr : &found->second;
        if (statuses != nullptr && std::any_of(statuses->begin(), statuses->end(),
                                               [](const auto& one) { return one.first < 300; }))
            continue;
        std::printf("%s was never answered with success\n", name.c_str());
        all = false;
    }
    return all;
}

void print(const Seen& seen, std::size_t streams) {
    std::map<unsigned, std::size_t> statuses;
    for (const auto& [route, of_route] : seen)
        for (const auto& [status, count] : of_route) statuses[status] += count;
    std::printf("%zu streams; answers:", streams);
    for (const auto& [status, count] : statuses) std::printf(" %zu × %u", count, status);
    std::printf("\n");
}

int run(std::size_t streams, unsigned seed, std::optional<std::chrono::seconds> time) {
    std::printf("seed %u\n", seed);
    (void)std::fflush(stdout);
    Database database;
    Seen seen;
    std::size_t played = 0;
    for (const auto start = Clock::now(); time ? Clock::now() - start < *time : played < streams;
         ++seed) {
        const auto count =
            std::min(streams_of_a_world, time ? streams_of_a_world : streams - played);
        if (!play(database, seed, count, seen)) return 1;
        played += count;
    }
    print(seen, played);
    // A few of them, for a look at what failed, are enough.
    return played < 5'000 || all_routes_worked(seen) ? 0 : 1;
}

}  // namespace
}  // namespace together::fuzz

int main(int argc, char** argv) {
    const bool timed = argc > 2 && std::string_view(argv[1]) == "--seconds";
    const auto number = [&](int at, unsigned otherwise) {
        return argc > at ? static_cast<unsigned>(std::strtoul(argv[at], nullptr, 10)) : otherwise;
    };
    if (timed)
        return together::fuzz::run(0, number(3, std::random_device()()),
                                   std::chrono::seconds(number(2, 0)));
    return together::fuzz::run(number(1, 10'000), number(2, 1), std::nullopt);
}

#endif
