// SPDX-License-Identifier: Apache-2.0
#include "common/roster/last_attempt.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "common/roster/checksum.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

using namespace std::chrono_literals;

struct Layout {
    std::array<char, 8> magic;
    Moment attempted;
    std::int64_t not_before;
    std::uint32_t failures;
    std::int32_t outcome;
    std::array<char, 128> request_id;
    std::array<char, 312> message;
    std::uint64_t checksum;
};
static_assert(sizeof(Layout) == last_attempt_size && std::is_trivially_copyable_v<Layout>);

constexpr std::array<char, 8> magic = {'t', 'o', 'g', 'm', 'a', 'r', 'k', '1'};

std::uint64_t checksum_of(const Layout& layout) {
    return checksum(bytes_of(layout).first(offsetof(Layout, checksum)));
}

template <std::size_t size>
void put(std::array<char, size>& field, const std::string& text) {
    std::memcpy(field.data(), text.data(), std::min(text.size(), size - 1));
}

template <std::size_t size>
std::string get(const std::array<char, size>& field) {
    return std::string(field.data(), ::strnlen(field.data(), size));
}

}  // namespace

std::string encode_last_attempt(const LastAttempt& attempt) {
    Layout layout{};
    layout.magic = magic;
    layout.attempted = attempt.attempted;
    layout.not_before = attempt.not_before.count();
    layout.failures = attempt.failures;
    layout.outcome = static_cast<std::int32_t>(attempt.outcome);
    put(layout.request_id, attempt.request_id);
    put(layout.message, attempt.message);
    layout.checksum = checksum_of(layout);
    return std::string(reinterpret_cast<const char*>(&layout), sizeof layout);
}

std::optional<LastAttempt> decode_last_attempt(std::string_view bytes) {
    Layout layout;
    if (bytes.size() != sizeof layout) return std::nullopt;
    std::memcpy(&layout, bytes.data(), sizeof layout);
    if (layout.magic != magic || layout.checksum != checksum_of(layout)) return std::nullopt;
    LastAttempt attempt;
    attempt.attempted = layout.attempted;
    attempt.not_before = Nanoseconds(layout.not_before);
    attempt.failures = layout.failures;
    attempt.outcome = static_cast<RefreshOutcome>(layout.outcome);
    attempt.request_id = get(layout.request_id);
    attempt.message = get(layout.message);
    return attempt;
}

std::optional<LastAttempt> read_last_attempt(const RosterPaths& paths) {
    auto file = open_trusted(paths.last_attempt, Links::refuse);
    if (!file) return std::nullopt;
    std::array<char, last_attempt_size + 1> buffer;
    const auto got = ::pread(file->descriptor.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return std::nullopt;
    return decode_last_attempt({buffer.data(), static_cast<std::size_t>(got)});
}

Result<void> write_last_attempt(const RosterPaths& paths, const LastAttempt& attempt) {
    return overwrite_in_place(paths.last_attempt, encode_last_attempt(attempt));
}

Nanoseconds time_left(const LastAttempt& attempt, const Moment& now) {
    const auto since = elapsed(attempt.attempted, now);
    if (since < 0ns) return 0ns;
    return std::max(attempt.not_before - since, 0ns);
}

bool still_the_nodes_fault(const std::optional<LastAttempt>& last, const Moment& now) {
    if (!last || last->outcome != RefreshOutcome::node_fault) return false;
    const auto since = elapsed(last->attempted, now);
    return since >= 0ns && since <= 15min;
}

Nanoseconds delay_after_failure(std::uint32_t failures, std::optional<Nanoseconds> retry_after,
                                bool roster_usable, double jitter) {
    const Nanoseconds most = roster_usable ? 60s : 5s;
    const auto doublings = std::min<std::uint32_t>(failures > 0 ? failures - 1 : 0, 6);
    const Nanoseconds exponential = std::min<Nanoseconds>(1s * (1U << doublings), most);
    // From half to all of it, so that a thousand nodes do not come back in one instant.
    const auto spread = Nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(exponential.count()) * (0.5 + jitter / 2)));
    return std::min(std::max(spread, retry_after.value_or(0ns)), most);
}

double random_fraction() {
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) return 0.5;
    return static_cast<double>(number) / static_cast<double>(UINT32_MAX);
}

Result<void> overwrite_in_place(const std::string& path, std::string_view bytes) {
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (!file) return failure(system_error_text("cannot open " + path + " for writing", errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return failure(path + " is not a regular file");
    // Whoever it was given to by mistake: readers do not trust it then.
    if (status.st_uid != ::geteuid() && ::fchown(file.get(), ::geteuid(), ::getegid()) != 0 &&
        errno != EPERM)
        return failure(system_error_text("cannot take " + path + " back", errno));
    if (::fchmod(file.get(), 0644) != 0 && errno != EPERM)  // whatever the umask was
        return failure(system_error_text("cannot set the mode of " + path, errno));
    if (::pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return failure(system_error_text("cannot write " + path, errno));
    if (::ftruncate(file.get(), static_cast<off_t>(bytes.size())) != 0)
        return failure(system_error_text("cannot cut " + path, errno));
    return {};
}

}  // namespace together
