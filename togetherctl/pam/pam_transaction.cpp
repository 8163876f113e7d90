// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/pam/pam_transaction.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "common/on_demand/helper_process.h"
#include "common/roles/identifiers.h"
#include "common/system/io.h"
#include "common/system/parse_number.h"
#include "processes/child.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

constexpr auto patience = 10s;
constexpr std::size_t max_output = std::size_t{256} * 1024;
constexpr uid_t nobody = 65534;

// Linux-PAM's ABI, by hand: togetherctl runs where there is no libpam, too (containers of Slurm).
struct Message {
    int style;
    const char* text;
};
struct Response {
    char* text;
    int code;
};
struct Conversation {
    int (*talk)(int, const Message**, Response**, void*);
    void* data;
};
constexpr int pam_success = 0;
constexpr int pam_new_authtok_required = 12;
constexpr int pam_conversation_error = 19;

struct Libpam {
    int (*start)(const char*, const char*, const Conversation*, void**) = nullptr;
    int (*account)(void*, int) = nullptr;
    int (*end)(void*, int) = nullptr;

    bool load() {
        void* library = ::dlopen("libpam.so.0", RTLD_NOW | RTLD_GLOBAL);
        if (library == nullptr) return false;
        start = reinterpret_cast<decltype(start)>(::dlsym(library, "pam_start"));
        account = reinterpret_cast<decltype(account)>(::dlsym(library, "pam_acct_mgmt"));
        end = reinterpret_cast<decltype(end)>(::dlsym(library, "pam_end"));
        return start != nullptr && account != nullptr && end != nullptr;
    }
};

// One message a line; before each its kind, so that no message of a module is taken for the answer.
constexpr char is_message = 'M';
constexpr char is_answer = 'A';

void write_line(int pipe, char kind, std::string text) {
    for (char& c : text)
        if (c == '\n') c = ' ';
    text = kind + text + '\n';
    static_cast<void>(write_full(pipe, text.data(), text.size()));
}

int take_messages(int count, const Message** messages, Response** responses, void* pipe) {
    for (int i = 0; i < count; ++i)
        if (messages[i]->text != nullptr)
            write_line(*static_cast<const int*>(pipe), is_message, messages[i]->text);
    *responses =
        static_cast<Response*>(std::calloc(static_cast<std::size_t>(count), sizeof(Response)));
    return *responses == nullptr ? pam_conversation_error : pam_success;
}

// No answer where libpam could not be used.
void ask_libpam(const std::string& service, const std::string& login, int pipe) {
    const Conversation conversation{take_messages, &pipe};
    Libpam pam;
    void* handle = nullptr;
    if (!pam.load() ||
        pam.start(service.c_str(), login.c_str(), &conversation, &handle) != pam_success)
        return;
    const int answer = pam.account(handle, 0);
    write_line(pipe, is_answer, std::to_string(answer));
    pam.end(handle, answer);
}

int ask_in_child(const std::string& service, const std::string& login, int pipe) {
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) ::dup2(null, fd);
    ::dup2(pipe, helper_pipe);
    close_descriptors_from(helper_pipe + 1);
    ::clearenv();
    ::alarm(static_cast<unsigned>(patience.count()) + 5);
    if (::setresuid(nobody, 0, 0) == 0) ask_libpam(service, login, helper_pipe);
    return 0;
}

// A number of the kind that pam_acct_mgmt has; nothing where the text has no such answer.
std::optional<AccountAnswer> answer_in(const std::string& text) {
    AccountAnswer answer;
    bool answered = false;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(is_message)) answer.messages.push_back(line.substr(1));
        if (!line.starts_with(is_answer) || !is_digits(line.substr(1))) continue;
        const auto code = parse_number<int>(line.substr(1));
        answered = code.has_value();
        answer.code = code.value_or(0);
    }
    if (!answered) return std::nullopt;
    return answer;
}

}  // namespace

bool AccountAnswer::lets_in() const {
    return code == pam_success || code == pam_new_authtok_required;
}

Result<AccountAnswer> account_phase(const std::string& service, const std::string& login) {
    const auto run = run_child(1, {patience, max_output}, [&](const std::vector<int>& pipes) {
        return ask_in_child(service, login, pipes[0]);
    });
    if (!run) return tl::make_unexpected(run.error());
    if (run->end == ChildRun::End::out_of_time)
        return failure("the account stack of " + service + " did not answer within " +
                       std::to_string(patience.count()) + " s");
    // As sshd would have: a module ended it.
    if (WIFSIGNALED(run->status))
        return failure("what asked the account stack of " + service + " ended with signal " +
                       std::to_string(WTERMSIG(run->status)));
    auto answer = answer_in(run->output[0]);
    if (!answer)
        return failure("libpam could not be asked about the service " + service +
                       ", or a module ended what asked");
    return *std::move(answer);
}

}  // namespace together::ctl
