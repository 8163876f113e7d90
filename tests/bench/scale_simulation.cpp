// SPDX-License-Identifier: Apache-2.0
// A hundred thousand nodes at four role authorities, which no machine of ours can hold: simulated,
// event by event, with the very delays that together-refresh --watch takes (common/roster/
// backoff.h) and with what scripts/bench roled measures a node to cost. docs/scale.md says what it
// leaves out. Arguments: microseconds of computing for a connection with its request, and for being
// told. Prints a line for each event. The same numbers each time: the random numbers have a seed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "common/roster/backoff.h"

namespace {

constexpr int nodes = 100'000;
constexpr int replicas = 4;
constexpr int cores = 2;                       // of each
constexpr double no_answer_after = 28;         // long_poll_wait() and `deadline`
constexpr double looks_each = 0.5;             // a replica for what was changed through another
constexpr double syn_at[] = {0, 1, 3, 7, 15};  // Linux, tcp(7): tcp_syn_retries

struct Costs {
    double connecting = 0, telling = 0;  // seconds of computing
};

class Random {
  public:
    double fraction() { return std::uniform_real_distribution<double>(0, 1)(engine_); }
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }

  private:
    std::mt19937 engine_{1};
};

// Serves in the order of arrival, on all its cores.
class Replica {
  public:
    // When it is done with what arrives at `time`.
    double serve(double time, double cost) {
        auto& core = *std::min_element(free_at_.begin(), free_at_.end());
        core = std::max(core, time) + cost;
        return core;
    }
    double free_from(double time) const {
        return std::max(time, *std::min_element(free_at_.begin(), free_at_.end()));
    }

  private:
    std::vector<double> free_at_ = std::vector<double>(cores, 0.0);
};

struct Attempt {
    double time;
    unsigned failures;  // in a row, before it
    bool operator>(const Attempt& other) const { return time > other.time; }
};
using Attempts = std::priority_queue<Attempt, std::vector<Attempt>, std::greater<>>;

using Delay = std::function<double(unsigned failures)>;

struct Return {
    double last = 0;           // when the last one waits again
    double longest = 0;        // that one waited for an answer
    int most_in_a_second = 0;  // connections, at one replica
    long given_up = 0;         // after no_answer_after
};

// All `attempts` until all wait again, at any of the replicas that are alive.
Return come_back(Attempts attempts, int alive, const Costs& costs, const Delay& delay,
                 Random& random) {
    std::vector<Replica> servers(static_cast<std::size_t>(alive));
    std::vector<std::vector<int>> arrivals(servers.size());
    Return result;
    while (!attempts.empty()) {
        const auto [time, failures] = attempts.top();
        attempts.pop();
        const auto at = static_cast<std::size_t>(random.below(alive));
        auto& seconds = arrivals[at];
        seconds.resize(std::max(seconds.size(), static_cast<std::size_t>(time) + 1));
        result.most_in_a_second =
            std::max(result.most_in_a_second, ++seconds[static_cast<std::size_t>(time)]);
        // Who has given up costs nothing more: the server finds the connection closed.
        if (servers[at].free_from(time) > time + no_answer_after) {
            ++result.given_up;
            attempts.push({time + no_answer_after + delay(failures + 1), failures + 1});
            continue;
        }
        const double done = servers[at].serve(time, costs.connecting);
        result.longest = std::max(result.longest, done - time);
        result.last = std::max(result.last, done);
    }
    return result;
}

double seconds_of(together::Nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

Delay as_watchers_do(Random& random) {
    return [&](unsigned failures) {
        return seconds_of(
            together::delay_after_failure(failures, std::nullopt, true, random.fraction()));
    };
}

// What it would be without their spread.
Delay in_step() {
    return [](unsigned failures) {
        return seconds_of(together::delay_after_failure(failures, std::nullopt, true, 1));
    };
}

// `count` connections are reset in one instant.
Attempts reset(int count, const Delay& delay) {
    Attempts attempts;
    for (int i = 0; i < count; ++i) attempts.push({delay(1), 1});
    return attempts;
}

// No packet passes for `cut` seconds, the last of which is 0. Whoever was to be answered meanwhile
// hears nothing, gives up, and tries again into the void.
Attempts after_cut(double cut, const Delay& delay, Random& random) {
    Attempts attempts;
    for (int i = 0; i < nodes; ++i) {
        double time = -cut + random.fraction() * no_answer_after;
        if (time >= 0) continue;  // its answer comes in time
        for (unsigned failures = 1;; ++failures) {
            time += delay(failures);
            const auto* heard = std::find_if(std::begin(syn_at), std::end(syn_at),
                                             [&](double after) { return time + after >= 0; });
            if (heard != std::end(syn_at) && *heard < no_answer_after) {
                attempts.push({time + *heard, failures});
                break;
            }
            time += no_answer_after;
        }
    }
    return attempts;
}

void print(const std::string& what, std::size_t back, const Return& result) {
    std::printf("%-52s %8zu %9.1f %9.1f %10d %9ld\n", what.c_str(), back, result.last,
                result.longest, result.most_in_a_second, result.given_up);
}

// Those of one replica are told one after the other; the others have seen it up to half a second
// later.
void tell(const Costs& costs) {
    std::printf("\n%-52s %8s %9s\n", "a change is told", "nodes", "last s");
    for (const int count : {1, replicas, 2 * replicas, 10}) {
        const int of_each = nodes / count;
        std::printf("%-52s %8d %9.2f\n",
                    ("by " + std::to_string(count) + " replicas to " + std::to_string(of_each) +
                     " nodes each")
                        .c_str(),
                    nodes, looks_each * (count > 1) + costs.telling * of_each);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const Costs costs{std::atof(argv[1]) / 1e6, std::atof(argv[2]) / 1e6};
    std::printf(
        "%d nodes, %d replicas of %d cores, %s µs a connection, %s µs a node that is told\n", nodes,
        replicas, cores, argv[1], argv[2]);
    tell(costs);
    std::printf("\n%-52s %8s %9s %9s %10s %9s\n", "who comes back, and when all wait again",
                "nodes", "last s", "wait s", "most in 1 s", "given up");
    Random random;
    const auto watchers = as_watchers_do(random);
    const auto one = reset(nodes / replicas, watchers);
    print("a replica dies", one.size(), come_back(one, replicas - 1, costs, watchers, random));
    const auto all = reset(nodes, watchers);
    print("all replicas restart at once", all.size(),
          come_back(all, replicas, costs, watchers, random));
    for (const double cut : {5, 30, 60, 600}) {
        const auto back = after_cut(cut, watchers, random);
        print("the network is cut for " + std::to_string(static_cast<int>(cut)) + " s", back.size(),
              come_back(back, replicas, costs, watchers, random));
    }
    const auto herd = reset(nodes, in_step());
    print("for comparison: all restart, and nobody spreads", herd.size(),
          come_back(herd, replicas, costs, in_step(), random));
}
