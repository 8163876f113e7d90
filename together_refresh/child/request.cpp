// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/request.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/system/io.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

// Plain data on the stream; both ends are one program.
struct RequestLayout {
    std::uint64_t task;
    std::int64_t deadline;
    std::int64_t lookups_deadline;
    std::int64_t lookups_limit;
    std::int64_t first_byte_deadline;
    std::int64_t wait;
    std::uint64_t etag_length;
    std::uint64_t token_length;
    std::uint64_t logins_length;
    std::uint64_t addresses_length;
    std::uint64_t node_length;
    std::uint64_t people_length;
};

bool write_all(int fd, std::string_view data) {
    return write_full(fd, data.data(), data.size());
}

bool read_all(int fd, char* data, std::size_t size) {
    return read_full(fd, data, size) == static_cast<ssize_t>(size);
}

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

// A user id may have blanks.
std::string lines_of(const std::vector<PersonSeen>& people) {
    std::string lines;
    for (const auto& [user_id, door, seen_at] : people)
        lines += std::to_string(seen_at) + ' ' + door + ' ' + user_id + '\n';
    return lines;
}

std::vector<PersonSeen> people_in(std::string_view text) {
    std::vector<PersonSeen> people;
    for (const auto& line : lines_in(text)) {
        const auto time_end = line.find(' ');
        const auto door_end = line.find(' ', time_end + 1);
        people.push_back({line.substr(door_end + 1),
                          line.substr(time_end + 1, door_end - time_end - 1),
                          parse_number<std::int64_t>(line.substr(0, time_end)).value_or(0)});
    }
    return people;
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

Deadline lookups_end(const FetchRequest& request, Deadline answered) {
    return std::min<Deadline>(request.lookups_deadline, answered + request.lookups_limit);
}

bool send_request(int fd, const ChildRequest& request) {
    const auto& question = request.question;
    const std::string logins = lines_of(question.to_look_up);
    const std::string addresses = lines_of(question.addresses);
    const std::string people = lines_of(request.people);
    RequestLayout layout{};
    layout.task = static_cast<std::uint64_t>(request.task);
    layout.deadline = question.deadline.time_since_epoch().count();
    layout.lookups_deadline = question.lookups_deadline.time_since_epoch().count();
    layout.lookups_limit = question.lookups_limit.count();
    layout.first_byte_deadline = question.first_byte_deadline.time_since_epoch().count();
    layout.wait = question.wait.count();
    layout.etag_length = question.etag.size();
    layout.token_length = question.token.size();
    layout.logins_length = logins.size();
    layout.addresses_length = addresses.size();
    layout.node_length = question.node.size();
    layout.people_length = people.size();
    const std::string head(reinterpret_cast<const char*>(&layout), sizeof layout);
    return send_first_byte(fd, head.front(), question.sockets.get()) &&
           write_all(fd, head.substr(1) + question.etag + question.token + logins + addresses +
                             question.node + people);
}

std::optional<ChildRequest> receive_request(int fd) {
    RequestLayout layout;
    ChildRequest request;
    auto& question = request.question;
    question.sockets = std::make_shared<ReservedSockets>();
    auto* const bytes = reinterpret_cast<char*>(&layout);
    if (!receive_first_byte(fd, *bytes, *question.sockets) ||
        !read_all(fd, bytes + 1, sizeof layout - 1))
        return std::nullopt;
    if (layout.task > static_cast<std::uint64_t>(ChildTask::last_seen)) return std::nullopt;
    request.task = static_cast<ChildTask>(layout.task);
    std::string logins(layout.logins_length, '\0');
    std::string addresses(layout.addresses_length, '\0');
    std::string people(layout.people_length, '\0');
    question.etag.resize(layout.etag_length);
    question.token.resize(layout.token_length);
    question.node.resize(layout.node_length);
    for (auto* text :
         {&question.etag, &question.token, &logins, &addresses, &question.node, &people})
        if (!read_all(fd, text->data(), text->size())) return std::nullopt;
    // steady_clock is one for both ends: they are one machine's.
    question.deadline = Deadline(Deadline::duration(layout.deadline));
    question.lookups_deadline = Deadline(Deadline::duration(layout.lookups_deadline));
    question.lookups_limit = Nanoseconds(layout.lookups_limit);
    question.first_byte_deadline = Deadline(Deadline::duration(layout.first_byte_deadline));
    question.wait = std::chrono::seconds(layout.wait);
    question.to_look_up = lines_in(logins);
    question.addresses = lines_in(addresses);
    request.people = people_in(people);
    return request;
}

}  // namespace together
