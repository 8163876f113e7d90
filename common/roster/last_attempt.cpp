// SPDX-License-Identifier: Apache-2.0
#include "common/roster/last_attempt.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "common/roster/checksum.h"
#include "common/system/io.h"
#include "common/system/overwritten_file.h"
#include "common/system/trusted_file.h"

namespace together {
namespace {

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

constexpr std::array<char, 8> magic = {'a', 't', 't', 'e', 'm', 'p', 't', '1'};

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
    auto file = open_trusted(paths.last_attempt(), Links::refuse);
    if (!file) return std::nullopt;
    std::array<char, last_attempt_size + 1> buffer;
    const auto got = read_some_at(file->descriptor.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return std::nullopt;
    return decode_last_attempt({buffer.data(), static_cast<std::size_t>(got)});
}

Result<void> write_last_attempt(const RosterPaths& paths, const LastAttempt& attempt) {
    return overwrite_in_place(paths.last_attempt(), encode_last_attempt(attempt));
}

}  // namespace together
