// SPDX-License-Identifier: Apache-2.0
#include "common/resident/background_accounts.h"

#include <dlfcn.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <system_error>

#include "common/resident/kept_answers.h"
#include "common/system/blocked_signals.h"

namespace together {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

// Strangers choose the uids, the roster and the configuration the logins.
constexpr std::size_t max_uids_kept = 4096;
constexpr std::size_t max_uids_waiting = 64;
constexpr std::size_t max_logins = 2048;

// After this it is no longer slow, but away.
constexpr auto max_lookup = 10s;

std::string text_of(uid_t uid) {
    return "uid " + std::to_string(uid);
}

std::string text_of(const std::string& login) {
    return login;
}

// Code that a thread is still to return to must not be unmapped by dlclose().
void stay_mapped() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(&stay_mapped), &info) != 0)
        ::dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace

// All of it is guarded by `mutex`, which nobody holds while the name service is asked.
struct BackgroundAccounts::Shared {
    Shared(std::shared_ptr<NodeAccounts> its_service, Now its_now)
        : service(std::move(its_service)), now(std::move(its_now)) {}

    void run() noexcept;
    void answer_all(std::unique_lock<std::mutex>& lock);
    template <class Key, class Value, class Ask>
    void ask_next(std::unique_lock<std::mutex>& lock, KeptAnswers<Key, Value>& answers,
                  const Ask& ask);
    template <class Key, class Value>
    Result<std::optional<Value>> answer(KeptAnswers<Key, Value>& answers, const Key& key);

    const std::shared_ptr<NodeAccounts> service;
    const Now now;
    std::mutex mutex;
    std::condition_variable changed;
    KeptAnswers<std::string, uid_t> uids{max_logins, max_logins};
    KeptAnswers<uid_t, std::string> logins{max_uids_kept, max_uids_waiting};
    std::optional<Time> asking_since;
    bool runs = true;
    bool ends = false;
};

void BackgroundAccounts::Shared::run() noexcept {
    std::unique_lock lock(mutex);
    try {
        answer_all(lock);
    } catch (const std::bad_alloc&) {  // every answer says that there is no thread
        if (!lock.owns_lock()) lock.lock();
    }
    runs = false;
    changed.notify_all();
}

// In turn, so that neither kind waits for all of the other.
void BackgroundAccounts::Shared::answer_all(std::unique_lock<std::mutex>& lock) {
    while (true) {
        changed.wait(lock,
                     [this] { return ends || uids.anything_to_ask() || logins.anything_to_ask(); });
        if (ends) return;
        ask_next(lock, uids, [this](const std::string& login) { return service->uid_of(login); });
        ask_next(lock, logins, [this](uid_t uid) { return service->login_of(uid); });
    }
}

template <class Key, class Value, class Ask>
void BackgroundAccounts::Shared::ask_next(std::unique_lock<std::mutex>& lock,
                                          KeptAnswers<Key, Value>& answers, const Ask& ask) {
    if (ends || !answers.anything_to_ask()) return;
    const Key key = answers.next();
    asking_since = now();
    lock.unlock();
    Result<std::optional<Value>> found;
    try {
        found = ask(key);
    } catch (const std::exception& exception) {
        found = failure(exception.what());
    }
    lock.lock();
    asking_since.reset();
    answers.keep(key, std::move(found), now());
    changed.notify_all();
}

template <class Key, class Value>
Result<std::optional<Value>> BackgroundAccounts::Shared::answer(KeptAnswers<Key, Value>& answers,
                                                                const Key& key) {
    if (!runs) return failure("there is no thread to ask the name service for " + text_of(key));
    auto known = answers.find(key, now());
    if (answers.anything_to_ask()) changed.notify_all();
    if (known) return *std::move(known);
    if (asking_since && now() - *asking_since >= max_lookup)
        return failure(
            "the name service has not answered for 10 s and more; nobody can ask it for " +
            text_of(key));
    return tl::make_unexpected(
        Error{"the name service is still being asked for " + text_of(key), true});
}

BackgroundAccounts::BackgroundAccounts(std::shared_ptr<NodeAccounts> service,
                                       std::chrono::milliseconds patience, Now now)
    : shared_(std::make_shared<Shared>(std::move(service), std::move(now))), patience_(patience) {
    const BlockedSignals blocked;
    try {
        thread_ = std::thread([shared = shared_] { shared->run(); });
    } catch (const std::system_error&) {
        shared_->runs = false;  // every answer says so
    }
}

BackgroundAccounts::~BackgroundAccounts() {
    if (!thread_.joinable()) return;
    std::unique_lock lock(shared_->mutex);
    shared_->ends = true;
    shared_->changed.notify_all();
    const bool ended =
        shared_->changed.wait_for(lock, patience_, [this] { return !shared_->runs; });
    lock.unlock();
    if (ended) {
        thread_.join();
        return;
    }
    stay_mapped();
    thread_.detach();
}

Result<std::optional<uid_t>> BackgroundAccounts::uid_of(const std::string& login) {
    const std::lock_guard lock(shared_->mutex);
    return shared_->answer(shared_->uids, login);
}

Result<std::optional<std::string>> BackgroundAccounts::login_of(uid_t uid) {
    const std::lock_guard lock(shared_->mutex);
    if (auto login = shared_->uids.only_key_of(uid, shared_->now())) return login;
    return shared_->answer(shared_->logins, uid);
}

void BackgroundAccounts::prepare(const std::vector<std::string>& logins) {
    for (const auto& login : logins) static_cast<void>(uid_of(login));
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, patience_, [&] {
        return std::none_of(logins.begin(), logins.end(), [this](const std::string& login) {
            return shared_->uids.is_awaited(login);
        });
    });
}

}  // namespace together
