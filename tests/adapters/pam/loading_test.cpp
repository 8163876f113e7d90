// SPDX-License-Identifier: Apache-2.0
// The module comes and goes with each PAM handle, in threads too, and may be missing.
#include <CppUTest/TestHarness.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/adapters/pam/support/log_collector.h"
#include "tests/adapters/pam/support/node.h"
#include "tests/adapters/pam/support/pam_application.h"

// Of the sanitizers' runtime, which has an allocator of its own; else null.
extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();

using namespace together;

namespace {

std::size_t allocated_bytes() {
    if (__sanitizer_get_current_allocated_bytes != nullptr)
        return __sanitizer_get_current_allocated_bytes();
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

// The lines of /proc/self/maps, without the sizes of the heap's.
std::size_t mappings(const std::string& of = {}) {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);)
        if (line.find(of) != line.npos) ++count;
    return count;
}

// The kernel adds to a stack only where memory is left.
[[gnu::noinline, maybe_unused]] void take_stack() {
    std::array<volatile char, std::size_t{512} * 1024> stack;
    for (auto& byte : stack) byte = 0;
}

// Some of what is left; false where nothing is. Each size has free chunks of its own.
[[maybe_unused]] bool take_memory() {
    for (std::size_t size = std::size_t{1} << 20; size > 0;
         size -= std::min<std::size_t>(size, size > 2048 ? 1024 : 16))
        if (void* volatile taken = std::malloc(size); taken != nullptr) return true;
    return false;
}

std::size_t threads() {
    namespace fs = std::filesystem;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

}  // namespace

TEST_GROUP(loading) {
    LogCollector log;
    Node node;

    void setup() override {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;  // other tests' slow deaths
    }

    void log_in_all_kinds() {
        node.account("alice");
        node.account("mallory");
        PamLogin login = node.login("bob");
        login.account();
        ::pam_open_session(login.handle(), 0);
        log.take();
    }
};

TEST(loading, a_thousand_times_leaves_nothing) {
    node.roster();
    for (int i = 0; i < 10; ++i) log_in_all_kinds();
    const auto descriptors = open_descriptors();
    const auto memory = allocated_bytes();
    const auto maps = mappings();
    for (int i = 0; i < (sanitized ? 30 : 334); ++i) log_in_all_kinds();
    CHECK_TRUE(descriptors == open_descriptors());
    STRCMP_EQUAL("", children().c_str());
    LONGS_EQUAL(1, threads());
    LONGS_EQUAL(0, mappings("pam_together"));
    // The C library's arenas may come and go; a sanitizer's allocator maps as it likes.
    if (!sanitized) CHECK_TRUE(mappings() <= maps + 2);
    const auto grown = static_cast<long>(allocated_bytes()) - static_cast<long>(memory);
    CHECK_TEXT(grown < 4 * 1024, ("grown by " + std::to_string(grown) + " bytes").c_str());
}

TEST(loading, a_hundred_refreshes_leave_nothing) {
    node.refresh_by("exits-75");
    node.account("alice");
    log.take();
    const auto descriptors = open_descriptors();
    const auto memory = allocated_bytes();
    for (int i = 0; i < (sanitized ? 20 : 100); ++i) {
        LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("alice"));
        log.take();
    }
    CHECK_TRUE(descriptors == open_descriptors());
    STRCMP_EQUAL("", children().c_str());
    CHECK_TRUE(allocated_bytes() < memory + 16 * 1024);
}

TEST(loading, eight_threads_at_once) {
    node.configure("exempt_users = root operator 4711");
    node.roster();
    std::atomic<int> wrong = 0;
    std::vector<std::thread> applications;
    for (int number = 0; number < 8; ++number)
        applications.emplace_back([&] {
            for (int i = 0; i < (sanitized ? 10 : 50); ++i) {
                PamLogin login = node.login("bob");
                ::pam_open_session(login.handle(), 0);
                const bool right = login.account() == PAM_SUCCESS &&
                                   node.account("alice") == PAM_SUCCESS &&
                                   node.account("operator") == PAM_SUCCESS &&
                                   node.account("mallory") == PAM_PERM_DENIED &&
                                   login.variable("TOGETHER_ROLE") == "member";
                if (!right) ++wrong;
            }
        });
    for (auto& application : applications) application.join();
    LONGS_EQUAL(0, wrong.load());
    LONGS_EQUAL(0, mappings("pam_together"));
}

TEST(loading, eight_threads_without_a_roster_are_one_request) {
    node.refresh_by("refreshes");
    node.next_roster("alice 10001 admin");
    std::atomic<int> wrong = 0;
    std::vector<std::thread> applications;
    for (int number = 0; number < 8; ++number)
        applications.emplace_back([&] {
            if (node.account("alice") != PAM_SUCCESS) ++wrong;
        });
    for (auto& application : applications) application.join();
    LONGS_EQUAL(0, wrong.load());
    STRCMP_EQUAL("refresh ", contents(node.path("calls")).c_str());
}

// The gate's two lines (docs/pam-notes.md, "Where in the stack a denial holds"), and the stack that
// follows them.
TEST(loading, where_the_module_is_missing_root_gets_in_and_nobody_else) {
    const auto lines = [&](const std::string& module) {
        return "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n"
               "account [success=ok ignore=ignore default=die] " +
               module + " " + node.config_argument() + "\naccount required pam_permit.so\n";
    };
    node.roster();
    node.write("pam_together.so", "not a library");
    for (const auto& module :
         {node.path("missing/pam_together.so"), node.path("pam_together.so")}) {
        node.service_file(lines(module));
        LONGS_EQUAL(PAM_SUCCESS, node.account("root"));
        log.take();  // libpam's own complaints wait for a reader
        CHECK_TRUE(node.account("alice") != PAM_SUCCESS);
        log.take();
        CHECK_TRUE(node.account("mallory") != PAM_SUCCESS);
        log.take();
    }

    node.service_file(lines(PAM_TOGETHER));
    LONGS_EQUAL(PAM_SUCCESS, node.account("root"));
    LONGS_EQUAL(PAM_SUCCESS, node.account("alice"));
    LONGS_EQUAL(PAM_PERM_DENIED, node.account("mallory"));
    node.remove("together.conf");
    LONGS_EQUAL(PAM_SUCCESS, node.account("root"));
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("alice"));
}

TEST(loading, the_prescribed_lines_hold_before_a_stack_that_would_permit_everything) {
    node.service_file(
        "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n"
        "account [success=ok ignore=ignore default=die] " PAM_TOGETHER " " +
        node.config_argument() +
        "\naccount sufficient pam_permit.so\naccount required pam_permit.so\n");
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, node.account("alice"));
    node.roster();
    LONGS_EQUAL(PAM_PERM_DENIED, node.account("mallory"));
    node.configure("mode = observe");
    LONGS_EQUAL(PAM_SUCCESS, node.account("mallory"));
}

// An allocation that fails is the one exception that the core lets out.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
IGNORE_TEST(loading, exhausted_memory_is_unavailable) {}  // the sanitizer ends the process instead
IGNORE_TEST(loading, memory_exhausted_to_the_last_byte_is_unavailable) {}
#else
TEST(loading, exhausted_memory_is_unavailable) {
    node.roster();
    const auto report = in_another_process([&](ApplicationReport& application) {
        PamLogin login = node.login(std::string(64 * 1024 * 1024, 'x'));
        std::size_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        const rlimit little{pages * 4096 + 32 * 1024 * 1024, RLIM_INFINITY};
        ::setrlimit(RLIMIT_AS, &little);
        application.answer = login.account();
        ::setrlimit(RLIMIT_AS, &unlimited);
    });
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, report.answer);
    const auto line = log.take_one();
    CHECK_TRUE(has_field(line, "event=exception"));
    STRCMP_CONTAINS("bad_alloc", line.c_str());
}

// Not even the second exception has room then; the first one's is the C library's business, which
// aborts without memory for its thread-local data. Called past libpam, which needs memory to call.
TEST(loading, memory_exhausted_to_the_last_byte_is_unavailable) {
    using AccountPhase = int (*)(pam_handle_t*, int, int, const char**);
    const auto report = in_another_process([&](ApplicationReport& application) {
        PamLogin login = node.login(std::string(64 * 1024 * 1024, 'x'));
        const auto account = reinterpret_cast<AccountPhase>(
            ::dlsym(::dlopen(PAM_TOGETHER, RTLD_NOW), "pam_sm_acct_mgmt"));
        take_stack();
        const rlimit nothing{0, RLIM_INFINITY};
        ::setrlimit(RLIMIT_AS, &nothing);
        application.answer = account(login.handle(), 0, 0, nullptr);
        while (take_memory()) continue;
        application.second_answer = account(login.handle(), 0, 0, nullptr);
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_AS, &unlimited);
    });
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, report.answer);
    LONGS_EQUAL(PAM_AUTHINFO_UNAVAIL, report.second_answer);
}
#endif
