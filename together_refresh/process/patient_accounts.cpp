// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/process/patient_accounts.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "common/system/uids.h"
#include "together_refresh/process/process_setup.h"

namespace together {
namespace {

// A question and an answer are a packet each; its first byte says what follows.
constexpr char by_login = 'l';
constexpr char by_uid = 'u';
constexpr char found = '=';
constexpr char no_account = '-';
constexpr char error = '!';
constexpr std::size_t max_packet = 4096;

template <class Value, class Text>
std::string packet_of(const Result<std::optional<Value>>& answer, const Text& text) {
    if (!answer) return error + answer.error().message;
    return *answer ? found + text(**answer) : std::string(1, no_account);
}

std::string answer_to(NodeAccounts& service, std::string_view question) {
    const std::string who(question.substr(1));
    if (question.front() == by_login)
        return packet_of(service.uid_of(who), [](uid_t uid) { return std::to_string(uid); });
    return packet_of(service.login_of(parse_uid(who).value_or(no_uid)),
                     [](const std::string& login) { return login; });
}

std::optional<std::string> receive(int socket) {
    std::array<char, max_packet> packet;
    const auto got = ::recv(socket, packet.data(), packet.size(), 0);
    if (got <= 0) return std::nullopt;
    return std::string(packet.data(), static_cast<std::size_t>(got));
}

bool send_packet(int socket, const std::string& packet) {
    return packet.size() <= max_packet &&
           ::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) > 0;
}

bool is_readable_within(int socket, std::chrono::milliseconds time) {
    pollfd answer{socket, POLLIN, 0};
    return ::poll(&answer, 1, static_cast<int>(time.count())) > 0;
}

// Of one that was killed: in a moment, unless the kernel holds it.
bool has_ended_within(pid_t child, std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (::waitpid(child, nullptr, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() >= until) return false;
        ::poll(nullptr, 0, 1);
    }
    return true;
}

}  // namespace

PatientAccounts::~PatientAccounts() {
    kill_child();
    while (child_ > 0 && ::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) continue;
}

Result<std::optional<uid_t>> PatientAccounts::uid_of(const std::string& login) {
    const auto text = ask(by_login + login, login);
    if (!text) return tl::make_unexpected(text.error());
    if (!*text) return std::nullopt;
    return parse_uid(**text);
}

Result<std::optional<std::string>> PatientAccounts::login_of(uid_t uid) {
    return ask(by_uid + std::to_string(uid), "uid " + std::to_string(uid));
}

Result<std::optional<std::string>> PatientAccounts::ask(const std::string& question,
                                                        const std::string& who) {
    std::optional<std::string> answer;
    if (!is_silent_ && has_child() && send_packet(socket_.get(), question) &&
        is_readable_within(socket_.get(), patience_))
        answer = receive(socket_.get());
    if (!answer) {
        kill_child();
        is_silent_ = true;
        return failure("the name service did not answer within " +
                       std::to_string(patience_.count()) + " s, asked for " + who);
    }
    if (answer->front() == error) return failure(answer->substr(1));
    if (answer->front() == no_account) return std::nullopt;
    return answer->substr(1);
}

// False also while one that was killed has not ended: what not even that reaches, another one would
// hang in, too.
bool PatientAccounts::has_child() {
    if (socket_) return true;
    if (child_ > 0 && !has_ended_within(child_, patience_)) return false;
    child_ = -1;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
    FileDescriptor ours(ends[0]);
    const FileDescriptor theirs(ends[1]);
    const pid_t parent = ::getpid();
    child_ = ::fork();
    if (child_ == 0) answer_questions(theirs.get(), parent);
    if (child_ > 0) socket_ = std::move(ours);
    return child_ > 0;
}

void PatientAccounts::kill_child() {
    if (socket_) ::kill(child_, SIGKILL);
    socket_.reset();
}

void PatientAccounts::answer_questions(int socket, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);
    keep_only_descriptors({socket});
    while (const auto question = receive(socket))
        if (!send_packet(socket, answer_to(service_, *question))) break;
    ::_exit(0);
}

}  // namespace together
