// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/fetch_pipe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "common/roles/identifiers.h"
#include "common/system/io.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

constexpr char kind_entry = 'e';
constexpr char kind_summary = 's';
constexpr char kind_uid = 'u';
constexpr char kind_note = 'n';
constexpr char kind_restart = 'r';
constexpr char kind_end = '.';

constexpr std::size_t head_size = 3;
constexpr std::size_t max_text = 600;
constexpr std::size_t piece = std::size_t{64} * 1024;  // written and read at once
// Records on the pipe are nobody's value. Not null: it is copied from.
constexpr std::string_view entry_key = "";  // NOLINT(readability-redundant-string-init)

// Plain data on the pipe; both ends are one program. No bool: what comes may be any byte.
struct SummaryLayout {
    FetchOutcome outcome;
    std::uint8_t has_revision;
    std::uint8_t has_retry_after;
    std::uint8_t was_long_poll;
    std::uint8_t was_answered;
    std::uint8_t needs_port;
    std::uint32_t left_out;
    std::int64_t revision;
    std::int64_t retry_after;
    std::uint16_t message_length;
    std::uint16_t request_id_length;
    std::uint16_t etag_length;
    std::uint16_t address_length;
};

struct RequestLayout {
    std::int64_t deadline;
    std::int64_t lookups_deadline;
    std::int64_t lookups_limit;
    std::int64_t first_byte_deadline;
    std::int64_t wait;
    std::uint64_t etag_length;
    std::uint64_t token_length;
    std::uint64_t logins_length;
    std::uint64_t addresses_length;
};

std::string shortened(const std::string& text) {
    std::string result = text.substr(0, max_text);
    // What an authority wrote ends up on terminals and in logs.
    std::replace_if(
        result.begin(), result.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
    if (!is_printable(result))
        std::replace_if(
            result.begin(), result.end(),
            [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return result;
}

std::string encode_summary(const FetchSummary& summary) {
    const auto message = shortened(summary.message);
    const auto request_id = shortened(summary.request_id);
    const bool usable_etag = summary.etag.size() <= max_text && is_printable(summary.etag);
    const auto address = shortened(summary.address);
    const auto etag = usable_etag ? summary.etag : std::string();
    SummaryLayout layout{};
    layout.outcome = summary.outcome;
    layout.has_revision = summary.revision.has_value();
    layout.has_retry_after = summary.retry_after.has_value();
    layout.was_long_poll = summary.was_long_poll;
    layout.was_answered = summary.was_answered;
    layout.needs_port = summary.needs_port;
    layout.left_out = summary.left_out;
    layout.revision = summary.revision.value_or(0);
    layout.retry_after = summary.retry_after.value_or(Nanoseconds(0)).count();
    layout.message_length = static_cast<std::uint16_t>(message.size());
    layout.request_id_length = static_cast<std::uint16_t>(request_id.size());
    layout.etag_length = static_cast<std::uint16_t>(etag.size());
    layout.address_length = static_cast<std::uint16_t>(address.size());
    std::string payload(sizeof layout, '\0');
    std::memcpy(payload.data(), &layout, sizeof layout);
    return payload + message + request_id + etag + address;
}

std::optional<FetchSummary> decode_summary(std::string_view payload) {
    SummaryLayout layout;
    if (payload.size() < sizeof layout) return std::nullopt;
    std::memcpy(&layout, payload.data(), sizeof layout);
    payload.remove_prefix(sizeof layout);
    const std::size_t lengths = std::size_t{layout.message_length} + layout.request_id_length +
                                layout.etag_length + layout.address_length;
    if (payload.size() != lengths || layout.outcome > FetchOutcome::our_fault ||
        layout.revision < 0)
        return std::nullopt;
    FetchSummary summary;
    summary.outcome = layout.outcome;
    summary.message = payload.substr(0, layout.message_length);
    summary.request_id = payload.substr(layout.message_length, layout.request_id_length);
    payload.remove_prefix(std::size_t{layout.message_length} + layout.request_id_length);
    summary.etag = payload.substr(0, layout.etag_length);
    summary.address = payload.substr(layout.etag_length);
    summary.was_answered = layout.was_answered != 0;
    summary.needs_port = layout.needs_port != 0;
    summary.left_out = layout.left_out;
    summary.was_long_poll = layout.was_long_poll != 0;
    if (layout.has_revision != 0) summary.revision = layout.revision;
    if (layout.has_retry_after != 0) summary.retry_after = Nanoseconds(layout.retry_after);
    if (!is_printable(summary.message + summary.request_id + summary.etag + summary.address))
        return std::nullopt;
    return summary;
}

class FrameReader {
  public:
    FrameReader(Received& received, const NoteHandler& note) : received_(received), note_(note) {}

    bool complete() const { return complete_; }

    // False where it makes no sense.
    bool take(std::string_view bytes) {
        buffer_.append(bytes);
        std::string_view rest = buffer_;
        while (rest.size() >= head_size) {
            std::uint16_t length = 0;
            std::memcpy(&length, rest.data() + 1, sizeof length);
            if (rest.size() < head_size + length) break;
            if (!frame(rest.front(), rest.substr(head_size, length))) return false;
            rest.remove_prefix(head_size + length);
        }
        buffer_.erase(0, buffer_.size() - rest.size());
        return true;
    }

  private:
    bool frame(char kind, std::string_view payload) {
        if (complete_) return false;
        switch (kind) {
            case kind_restart:
                received_.entries.clear();
                return payload.empty() && !received_.summary;
            case kind_end:
                complete_ = true;
                return payload.empty() && received_.summary.has_value();
            case kind_entry:
                return entry(payload);
            case kind_summary:
                if (received_.summary) return false;
                received_.summary = decode_summary(payload);
                received_.answered = std::chrono::steady_clock::now();
                return received_.summary.has_value();
            case kind_uid:
                return uid(payload);
            case kind_note:
                if (!is_printable(payload)) return false;
                note_(std::string(payload));
                return true;
            default:
                return false;
        }
    }

    bool entry(std::string_view payload) {
        auto entry = decode_record(entry_key, payload);
        if (!entry || !is_valid_entry(*entry) || received_.summary ||
            received_.entries.size() == max_roster_entries)
            return false;
        received_.entries.push_back(*std::move(entry));
        return true;
    }

    bool uid(std::string_view payload) {
        uid_t uid = 0;
        if (payload.size() <= sizeof uid || !received_.summary) return false;
        std::memcpy(&uid, payload.data(), sizeof uid);
        const auto login = payload.substr(sizeof uid);
        if (!is_login(login) || received_.uids.size() == max_uids()) return false;
        received_.uids.emplace_back(login, uid);
        return true;
    }

    // Each login is asked for once at most; what is stored already we did not count here.
    std::size_t max_uids() const {
        return received_.summary->outcome == FetchOutcome::complete ? received_.entries.size()
                                                                    : max_roster_entries;
    }

    Received& received_;
    const NoteHandler& note_;
    bool complete_ = false;
    std::string buffer_;
};

std::string lines_of(const std::vector<std::string>& texts) {
    std::string lines;
    for (const auto& text : texts) lines += text + '\n';
    return lines;
}

std::vector<std::string> lines_in(std::string_view rest) {
    std::vector<std::string> lines;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return lines;
}

// Descriptors travel beside a byte (unix(7), SCM_RIGHTS): a request's first.
struct FirstByte {
    char byte = '\0';
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(max_reserved_sockets * sizeof(int))> control{};
    msghdr message{};

    FirstByte() {
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
};

bool send_first_byte(int fd, char byte, const ReservedSockets* sockets) {
    FirstByte first;
    first.byte = byte;
    std::vector<int> given;
    if (sockets != nullptr)
        for (const auto& socket : *sockets)
            if (socket && given.size() < max_reserved_sockets) given.push_back(socket.get());
    if (given.empty()) {
        first.message.msg_control = nullptr;
        first.message.msg_controllen = 0;
    } else {
        const std::size_t size = given.size() * sizeof(int);
        first.message.msg_controllen = CMSG_SPACE(size);
        auto* const rights = CMSG_FIRSTHDR(&first.message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(rights), given.data(), size);
    }
    ssize_t sent = 0;
    do sent = ::sendmsg(fd, &first.message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == 1;
}

bool receive_first_byte(int fd, char& byte, ReservedSockets& sockets) {
    FirstByte first;
    ssize_t got = 0;
    do got = ::recvmsg(fd, &first.message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != 1) return false;
    byte = first.byte;
    const auto* const rights = CMSG_FIRSTHDR(&first.message);
    if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return true;
    std::vector<int> given((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(given.data(), CMSG_DATA(rights), given.size() * sizeof(int));
    for (const int socket : given) sockets.emplace_back(socket);
    return true;
}

}  // namespace

void PipeSink::entry(const RosterEntry& entry) {
    frame(kind_entry, encode_record(entry_key, entry));
}

void PipeSink::restart() {
    frame(kind_restart, {});
}

void PipeSink::end() {
    frame(kind_end, {});
    flush();
}

void PipeSink::summary(const FetchSummary& summary) {
    frame(kind_summary, encode_summary(summary));
    flush();
}

void PipeSink::uid(const std::string& login, uid_t uid) {
    std::string payload(reinterpret_cast<const char*>(&uid), sizeof uid);
    frame(kind_uid, payload + login);
    // At once: the next look-up may hang.
    flush();
}

void PipeSink::note(const std::string& text) {
    frame(kind_note, shortened(text));
    flush();
}

void PipeSink::frame(char kind, std::string_view payload) {
    const auto length = static_cast<std::uint16_t>(payload.size());
    buffer_ += kind;
    buffer_.append(reinterpret_cast<const char*>(&length), sizeof length);
    buffer_ += payload;
    if (buffer_.size() >= piece) flush();
}

void PipeSink::flush() {
    if (!write_full(fd_, buffer_.data(), buffer_.size())) ::_exit(1);
    buffer_.clear();
}

bool send_request(int fd, const FetchRequest& request) {
    const std::string logins = lines_of(request.to_look_up);
    const std::string addresses = lines_of(request.addresses);
    RequestLayout layout{};
    layout.deadline = request.deadline.time_since_epoch().count();
    layout.lookups_deadline = request.lookups_deadline.time_since_epoch().count();
    layout.lookups_limit = request.lookups_limit.count();
    layout.first_byte_deadline = request.first_byte_deadline.time_since_epoch().count();
    layout.wait = request.wait.count();
    layout.etag_length = request.etag.size();
    layout.token_length = request.token.size();
    layout.logins_length = logins.size();
    layout.addresses_length = addresses.size();
    const std::string head(reinterpret_cast<const char*>(&layout), sizeof layout);
    const auto rest = head.substr(1) + request.etag + request.token + logins + addresses;
    return send_first_byte(fd, head.front(), request.sockets.get()) &&
           write_full(fd, rest.data(), rest.size());
}

std::optional<FetchRequest> receive_request(int fd) {
    RequestLayout layout;
    FetchRequest request;
    request.sockets = std::make_shared<ReservedSockets>();
    auto* const bytes = reinterpret_cast<char*>(&layout);
    if (!receive_first_byte(fd, *bytes, *request.sockets) ||
        read_full(fd, bytes + 1, sizeof layout - 1) != static_cast<ssize_t>(sizeof layout - 1))
        return std::nullopt;
    std::string logins(layout.logins_length, '\0');
    std::string addresses(layout.addresses_length, '\0');
    request.etag.resize(layout.etag_length);
    request.token.resize(layout.token_length);
    for (auto* text : {&request.etag, &request.token, &logins, &addresses})
        if (read_full(fd, text->data(), text->size()) != static_cast<ssize_t>(text->size()))
            return std::nullopt;
    // steady_clock is one for both ends: they are one machine's.
    request.deadline = Deadline(Deadline::duration(layout.deadline));
    request.lookups_deadline = Deadline(Deadline::duration(layout.lookups_deadline));
    request.lookups_limit = Nanoseconds(layout.lookups_limit);
    request.first_byte_deadline = Deadline(Deadline::duration(layout.first_byte_deadline));
    request.wait = std::chrono::seconds(layout.wait);
    request.to_look_up = lines_in(logins);
    request.addresses = lines_in(addresses);
    return request;
}

Deadline lookups_end(const FetchRequest& request, Deadline answered) {
    return std::min<Deadline>(request.lookups_deadline, answered + request.lookups_limit);
}

PipeEnd receive(int fd, const FetchRequest& request, int stop, Received& received,
                const NoteHandler& note) {
    FrameReader frames(received, note);
    std::array<char, piece> buffer;
    while (!frames.complete()) {
        const Deadline until =
            received.summary ? lookups_end(request, received.answered) : request.deadline;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return PipeEnd::deadline;
        std::array<pollfd, 2> events = {pollfd{fd, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
        const auto timeout = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
        if (::poll(events.data(), events.size(), timeout) <= 0) continue;
        if (events[1].revents != 0) return PipeEnd::stopped;
        const auto got = read_some(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) return PipeEnd::closed;
        if (!frames.take({buffer.data(), static_cast<std::size_t>(got)})) return PipeEnd::nonsense;
    }
    return PipeEnd::complete;
}

}  // namespace together
