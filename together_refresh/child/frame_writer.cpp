// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/frame_writer.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "common/system/io.h"

namespace together {
namespace {

constexpr std::size_t max_buffered = std::size_t{64} * 1024;

}  // namespace

void FrameWriter::entry(const RosterEntry& entry) {
    buffer_ += encode_frame(entry);
    if (buffer_.size() >= max_buffered) flush();
}

void FrameWriter::key(const SshKey& key) {
    append_frame(buffer_, key);
    if (buffer_.size() >= max_buffered) flush();
}

void FrameWriter::group(const RosterGroup& group) {
    buffer_ += encode_frame(group);
}

void FrameWriter::restart() {
    buffer_ += encode_frame(RestartFrame{});
}

void FrameWriter::note(const std::string& text) {
    NoteFrame note{text};
    hide_in(note.text);
    buffer_ += encode_frame(note);
    flush();
}

void FrameWriter::finding(ConformanceResult finding) {
    hide_in(finding.got);
    buffer_ += encode_frame(finding);
    flush();
}

void FrameWriter::finding(AccessFinding finding) {
    hide_in(finding.what);
    buffer_ += encode_frame(finding);
    flush();
}

void FrameWriter::summary(FetchSummary summary) {
    for (auto* text : {&summary.message, &summary.request_id, &summary.etag}) hide_in(*text);
    buffer_ += encode_frame(summary);
    flush();
}

void FrameWriter::uid(const std::string& login, uid_t uid) {
    buffer_ += encode_frame(UidFrame{login, uid});
    // At once: the next look-up may hang.
    flush();
}

void FrameWriter::elsewhere(const std::string& login, uid_t uid) {
    buffer_ += encode_frame(ElsewhereFrame{login, uid});
}

void FrameWriter::group_elsewhere(const std::string& name, gid_t gid) {
    buffer_ += encode_frame(GroupElsewhereFrame{name, gid});
}

// At once: whoever asks may be ended in the next question.
void FrameWriter::asked(const std::string& login) {
    buffer_ += encode_frame(AskedFrame{login});
    flush();
}

void FrameWriter::end() {
    buffer_ += encode_frame(EndFrame{});
    flush();
}

void FrameWriter::hide_in(std::string& text) const {
    // A shorter one is no secret, and would be found in any text.
    constexpr std::size_t shortest = 8;
    if (token_.size() < shortest) return;
    constexpr std::string_view instead = "(hidden)";
    for (auto at = text.find(token_); at != text.npos; at = text.find(token_, at + instead.size()))
        text.replace(at, token_.size(), instead);
}

void FrameWriter::flush() {
    if (!write_full(fd_, buffer_.data(), buffer_.size())) ::_exit(1);
    buffer_.clear();
}

}  // namespace together
