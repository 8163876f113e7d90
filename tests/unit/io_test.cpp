// SPDX-License-Identifier: Apache-2.0
// Reading and writing whole: in pieces, under signals, to an end that is gone, on a full disk.
#include "common/system/io.h"

#include <CppUTest/TestHarness.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/processes.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

namespace {

// Keeps interrupting the thread that made it, without SA_RESTART, until it is gone.
class Interruptions {
  public:
    Interruptions() {
        struct sigaction handler {};
        handler.sa_handler = [](int) { ++count; };
        ::sigaction(SIGUSR1, &handler, &before_);
        sender_ = std::thread([this, target = ::pthread_self()] {
            while (!done_) {
                ::pthread_kill(target, SIGUSR1);
                std::this_thread::yield();
            }
        });
    }
    ~Interruptions() {
        done_ = true;
        sender_.join();
        ::sigaction(SIGUSR1, &before_, nullptr);
    }
    static inline std::atomic<int> count = 0;

  private:
    std::atomic<bool> done_ = false;
    struct sigaction before_ {};
    std::thread sender_;
};

}  // namespace

TEST_GROUP(io) {
    TemporaryDirectory directory;
    FileDescriptor reading;
    FileDescriptor writing;
    std::string buffer = std::string(10, '.');

    void setup() override {
        int ends[2];
        CHECK_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
        reading = FileDescriptor(ends[0]);
        writing = FileDescriptor(ends[1]);
    }
    void send(const std::string& text) const {
        CHECK_TRUE(write_full(writing.get(), text.data(), text.size()));
    }
    ssize_t receive(ssize_t(*read)(int, void*, std::size_t)) {
        return read(reading.get(), buffer.data(), buffer.size());
    }
    FileDescriptor opened(const std::string& text, int flags = O_RDWR) const {
        write_file(directory / "file", text);
        return FileDescriptor(::open((directory / "file").c_str(), flags | O_CLOEXEC));
    }
};

TEST(io, some_is_what_is_there) {
    send("abc");
    LONGS_EQUAL(3, receive(read_some));
    TEXT_EQUAL("abc.......", buffer);
}

TEST(io, full_goes_on_until_the_buffer_is_full) {
    std::thread sender([&] {
        for (const char c : std::string("0123456789x")) send(std::string(1, c));
    });
    LONGS_EQUAL(10, receive(read_full));
    sender.join();
    TEXT_EQUAL("0123456789", buffer);
}

TEST(io, full_is_less_at_the_end) {
    send("abc");
    writing.reset();
    LONGS_EQUAL(3, receive(read_full));
    LONGS_EQUAL(0, receive(read_full));
    LONGS_EQUAL(0, receive(read_some));
}

TEST(io, nothing_yet_is_the_caller_s_to_wait_for) {
    ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
    for (const auto read : {read_some, read_full}) {
        LONGS_EQUAL(-1, receive(read));
        LONGS_EQUAL(EAGAIN, errno);
    }
    send("abc");
    LONGS_EQUAL(3, receive(read_some));
}

TEST(io, no_room_now_is_the_caller_s_to_wait_for) {
    ::fcntl(writing.get(), F_SETFL, O_NONBLOCK);
    const std::string much(std::size_t{4} * 1024 * 1024, 'x');
    CHECK_FALSE(write_full(writing.get(), much.data(), much.size()));
    LONGS_EQUAL(EAGAIN, errno);
}

// Far more than a pipe holds, so that both ends wait, and are interrupted where they wait: once
// more where all went through before a signal came.
TEST(io, a_signal_loses_nothing) {
    const std::string sent(std::size_t{4} * 1024 * 1024, 'x');
    Interruptions::count = 0;
    for (int round = 0; round < 100 && Interruptions::count == 0; ++round) {
        std::string got(sent.size(), '\0');
        bool read = false;
        std::thread reader([&] {
            const Interruptions interruptions;
            read = read_full(reading.get(), got.data(), got.size()) ==
                   static_cast<ssize_t>(got.size());
        });
        {
            const Interruptions interruptions;
            send(sent);
        }
        reader.join();
        CHECK_TRUE(read);
        CHECK_TRUE(sent == got);
    }
    CHECK_TRUE(Interruptions::count > 0);
}

TEST(io, writing_to_nobody_fails) {
    reading.reset();
    CHECK_TRUE(holds_in_a_child([&] {
        ::signal(SIGPIPE, SIG_IGN);
        return !write_full(writing.get(), "abc", 3) && errno == EPIPE;
    }));
}

TEST(io, at_an_offset) {
    const auto file = opened("0123456789");
    CHECK_TRUE(write_full_at(file.get(), "ab", 2, 4));
    LONGS_EQUAL(10, read_full_at(file.get(), buffer.data(), buffer.size(), 0));
    TEXT_EQUAL("0123ab6789", buffer);
    LONGS_EQUAL(3, read_full_at(file.get(), buffer.data(), buffer.size(), 7));
    LONGS_EQUAL(3, read_some_at(file.get(), buffer.data(), buffer.size(), 7));
    TEXT_EQUAL("789", buffer.substr(0, 3));
    LONGS_EQUAL(0, read_full_at(file.get(), buffer.data(), buffer.size(), 10));
}

TEST(io, a_wrong_descriptor_fails) {
    LONGS_EQUAL(-1, read_full_at(-1, buffer.data(), buffer.size(), 0));
    LONGS_EQUAL(EBADF, errno);
    CHECK_FALSE(write_full_at(-1, "abc", 3, 0));
    LONGS_EQUAL(EBADF, errno);
}

// As where a disk fills up: the first write(2) takes a part, the second says why.
TEST(io, a_full_disk_fails_in_the_end) {
    const auto file = opened("");
    CHECK_TRUE(holds_in_a_child([&] {
        const rlimit four_bytes{4, 4};
        ::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &four_bytes);
        return !write_full(file.get(), "0123456789", 10) && errno == EFBIG &&
               !write_full_at(file.get(), "0123456789", 10, 0) && errno == EFBIG;
    }));
    TEXT_EQUAL("0123", read_file(directory / "file"));
}

TEST(io, an_error_has_a_text) {
    TEXT_EQUAL("cannot open /x: No such file or directory", errno_text("cannot open /x", ENOENT));
    TEXT_EQUAL("x: Unknown error 99999", errno_text("x", 99999));
}
