// SPDX-License-Identifier: Apache-2.0
#include "together_cli/account/token_source.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "common/system/trimmed.h"

namespace together::cli {
namespace {

constexpr std::size_t max_token = 4096;

// Shows nothing of what is typed while it lives.
class HiddenTyping {
  public:
    HiddenTyping() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        is_hidden_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    }
    ~HiddenTyping() {
        if (is_hidden_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;

  private:
    termios before_{};
    bool is_hidden_ = false;
};

Result<std::string> first_line_of(int fd, const std::string& name) {
    std::string text;
    char byte = '\0';
    while (text.size() <= max_token) {
        const auto got = read_some(fd, &byte, 1);
        if (got < 0) return failure(errno_text("cannot read " + name, errno));
        if (got == 0 || byte == '\n') break;
        text += byte;
    }
    return std::string(trimmed(text, " \t\r"));
}

Result<std::string> typed(const std::string& what) {
    const HiddenTyping hidden;  // first: what is typed before it is lost, and seen
    const auto prompt = what + ": ";
    static_cast<void>(write_full(STDERR_FILENO, prompt.data(), prompt.size()));
    auto line = first_line_of(STDIN_FILENO, "the terminal");
    static_cast<void>(write_full(STDERR_FILENO, "\n", 1));
    return line;
}

Result<std::string> line_from(const std::string& path, const std::string& what) {
    if (path.empty())
        return ::isatty(STDIN_FILENO) != 0 ? typed(what) : first_line_of(STDIN_FILENO, "stdin");
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return failure(errno_text("cannot open " + path, errno));
    return first_line_of(file.get(), path);
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= max_token &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<std::string> read_token(const std::string& path, const std::string& what) {
    auto token = line_from(path, what);
    if (token && !is_token(*token))
        return failure("no token in " + (path.empty() ? std::string("what stdin gave") : path) +
                       ": it is one line, as it was shown when it was made");
    return token;
}

}  // namespace together::cli
