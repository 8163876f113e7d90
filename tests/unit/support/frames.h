// SPDX-License-Identifier: Apache-2.0
// The stream between together-refresh and its child, with both ends in a test's hands.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

#include "together_refresh/child/answer_reader.h"
#include "together_refresh/child/frame_writer.h"

class TestPipe {
  public:
    TestPipe() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            throw std::runtime_error("socketpair");
        reading_ = together::FileDescriptor(ends[0]);
        writing_ = together::FileDescriptor(ends[1]);
    }
    int reading() const { return reading_.get(); }
    int writing() const { return writing_.get(); }
    void close_writing() { writing_.reset(); }

  private:
    together::FileDescriptor reading_;
    together::FileDescriptor writing_;
};

// The bytes that a writer writes for what `use` does with it. At most 64 KiB, a pipe's size.
template <class Use>
std::string frames_of(const Use& use) {
    TestPipe pipe;
    together::FrameWriter frames(pipe.writing());
    use(frames);
    pipe.close_writing();
    std::string bytes;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(pipe.reading(), buffer, sizeof buffer)) > 0;)
        bytes.append(buffer, static_cast<std::size_t>(got));
    return bytes;
}

inline std::string raw_frame(char kind, const std::string& payload) {
    const auto length = static_cast<std::uint16_t>(payload.size());
    return kind + std::string(reinterpret_cast<const char*>(&length), sizeof length) + payload;
}

struct Reception {
    together::Received received;
    std::string notes;
    together::PipeEnd end{};
};

inline together::FetchRequest request_within(together::Nanoseconds answer,
                                             together::Nanoseconds lookups) {
    together::FetchRequest request;
    request.deadline = std::chrono::steady_clock::now() + answer;
    request.lookups_deadline = std::chrono::steady_clock::now() + lookups;
    request.lookups_limit = lookups;
    return request;
}

// What the parent makes of these bytes, whatever their number.
inline Reception receive_bytes(const std::string& bytes,
                               together::ChildTask task = together::ChildTask::fetch) {
    using namespace std::chrono_literals;
    TestPipe pipe;
    std::thread writer([&] {
        for (std::size_t done = 0; done < bytes.size();) {
            const auto written = ::write(pipe.writing(), bytes.data() + done, bytes.size() - done);
            if (written <= 0) break;
            done += static_cast<std::size_t>(written);
        }
        pipe.close_writing();
    });
    Reception result;
    const auto note = [&](const std::string& text) { result.notes += text + "|"; };
    result.end = together::receive(pipe.reading(), {task, request_within(20s, 20s)}, -1,
                                   result.received, note);
    // Where it stopped reading early the writer still has to get rid of its bytes.
    char buffer[4096];
    while (::read(pipe.reading(), buffer, sizeof buffer) > 0) continue;
    writer.join();
    return result;
}
