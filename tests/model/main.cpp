// SPDX-License-Identifier: Apache-2.0
// Plays random steps to the role authority's model and to a naive one that is written apart from
// it, and compares all that they say after each.
//
//   role_model_test [--steps N] [--seed N] [--db postgresql://…]
//
// In a database of SQLite in memory, or in one of PostgreSQL, of which it deletes what is in it.
// A failure is played again with ever fewer steps; what is left of them is printed, with the seed.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

#include "role_server/store/schema.h"
#include "tests/model/player.h"

namespace together::model {
namespace {

constexpr std::size_t steps_of_a_world = 250;

using Steps = std::vector<Step>;

// Empty at first, and gone with it.
class Database {
  public:
    explicit Database(const std::string& db)
        : path_(db.empty() ? "/dev/shm/together-model-" + std::to_string(::getpid()) + ".db" : db) {
        remove();
        auto made = roled::Store::create(path_);
        if (!made) throw std::runtime_error(made.error().message);
        store_ = std::move(*made);
        const bool sqlite = store_->kind() == roled::Store::Kind::sqlite;
        if (!sqlite) store_->sql() << "DROP SCHEMA public CASCADE";
        if (!sqlite) store_->sql() << "CREATE SCHEMA public";
        if (sqlite) store_->sql() << "PRAGMA synchronous = OFF";
        if (const auto done = roled::migrate(*store_); !done)
            throw std::runtime_error(done.error().message);
    }
    ~Database() {
        store_.reset();
        remove();
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    roled::Store& store() { return *store_; }

  private:
    void remove() const {
        for (const auto* suffix : {"", "-wal", "-shm"}) (void)std::remove((path_ + suffix).c_str());
    }
    const std::string path_;
    std::unique_ptr<roled::Store> store_;
};

struct Failure {
    std::size_t step;
    std::string what;
};

std::optional<Failure> play(const std::string& db, const Steps& steps, bool aloud) {
    Database database(db);
    Player player(database.store());
    std::string told;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        std::string wrong;
        try {
            wrong = player.play(steps[i], told);
        } catch (const std::exception& error) {
            wrong = error.what();
        }
        if (aloud) (void)std::printf("  %s\n", told.c_str());
        if (!wrong.empty()) return Failure{i, wrong};
    }
    if (auto wrong = player.check_trail(); !wrong.empty()) return Failure{steps.size(), wrong};
    return std::nullopt;
}

// First without what comes behind, then without ever shorter runs of steps.
Steps shrunk(const std::string& db, Steps steps, std::size_t failed_at) {
    if (failed_at < steps.size()) steps.resize(failed_at + 1);
    for (auto length = steps.size() / 2; length > 0; length /= 2)
        for (std::size_t at = 0; at + length <= steps.size();) {
            auto fewer = steps;
            const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(at);
            fewer.erase(from, from + static_cast<std::ptrdiff_t>(length));
            if (play(db, fewer, false))
                steps = std::move(fewer);
            else
                at += length;
        }
    return steps;
}

bool passes(const std::string& db, std::uint64_t seed, std::size_t count) {
    const auto steps = random_steps(seed, count);
    const auto failure = play(db, steps, false);
    if (!failure) return true;
    (void)std::printf("seed %llu fails at step %zu: %s\nplayed again with fewer steps:\n",
                      static_cast<unsigned long long>(seed), failure->step, failure->what.c_str());
    const auto again = play(db, shrunk(db, steps, failure->step), true);
    (void)std::printf("%s\n", again ? again->what.c_str() : "it does not fail again");
    return false;
}

int run(const std::string& db, std::size_t steps, std::uint64_t seed) {
    (void)std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    (void)std::fflush(stdout);
    std::size_t played = 0;
    for (; played < steps; ++seed) {
        const auto count = std::min(steps_of_a_world, steps - played);
        if (!passes(db, seed, count)) {
            (void)std::printf("0 passed, 1 failed\n");
            return 1;
        }
        played += count;
    }
    (void)std::printf("%zu steps\n1 passed, 0 failed\n", played);
    return 0;
}

}  // namespace
}  // namespace together::model

int main(int argc, char** argv) {
    std::size_t steps = 5'000;
    std::uint64_t seed = std::random_device()();
    std::string db;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--steps") steps = std::strtoull(argv[i + 1], nullptr, 10);
        if (option == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
        if (option == "--db") db = argv[i + 1];
    }
    return together::model::run(db, steps, seed);
}
