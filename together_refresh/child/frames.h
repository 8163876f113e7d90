// SPDX-License-Identifier: Apache-2.0
// What the unprivileged child sends its parent, as bytes. Pure functions. The parent decodes with
// suspicion: somebody may have taken the child over.
//
// A frame is its kind (1 byte), the length of its payload (2 bytes, native order: both ends are one
// program) and the payload, which each kind bounds.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "together_refresh/probe/access_finding.h"
#include "together_refresh/probe/conformance.h"
#include "together_refresh/source/fetch.h"

namespace together {

// Forget the entries.
struct RestartFrame {};
// For --verbose.
struct NoteFrame {
    std::string text;
};
// Of an entry without one; no_uid: the node has no such account.
struct UidFrame {
    std::string login;
    uid_t uid;
};
// An account of another name service of the node, with an entry's login or uid.
struct ElsewhereFrame {
    std::string login;
    uid_t uid;
};
// A group of theirs with the name or gid of one of ours, or of an account's own.
struct GroupElsewhereFrame {
    std::string login;  // its name
    gid_t uid;          // its gid
};
// The other name services answered about that login or group; empty: the node has none to ask.
struct AskedFrame {
    std::string login;
};
// Nothing follows.
struct EndFrame {};

using Frame = std::variant<RosterEntry, SshKey, RosterGroup, RestartFrame, NoteFrame,
                           ConformanceResult, AccessFinding, FetchSummary, UidFrame, ElsewhereFrame,
                           GroupElsewhereFrame, AskedFrame, EndFrame>;

inline constexpr std::size_t max_frame_text = 600;

// Texts are cut, and control characters replaced: what an authority wrote ends up on terminals and
// in logs. An ETag is left out rather than cut.
std::string encode_frame(const RosterEntry& entry);
std::string encode_frame(const SshKey& key);
void append_frame(std::string& frames, const SshKey& key);  // there are tens of thousands
std::string encode_frame(const RosterGroup& group);
std::string encode_frame(const RestartFrame& restart);
std::string encode_frame(const NoteFrame& note);
std::string encode_frame(const ConformanceResult& finding);
std::string encode_frame(const AccessFinding& finding);
std::string encode_frame(const FetchSummary& summary);
std::string encode_frame(const UidFrame& uid);
std::string encode_frame(const ElsewhereFrame& account);
std::string encode_frame(const GroupElsewhereFrame& group);
std::string encode_frame(const AskedFrame& asked);
std::string encode_frame(const EndFrame& end);

struct DecodedFrame {
    Frame frame;
    std::size_t size;  // of its bytes, head included
};
enum class NoFrame {
    incomplete,  // more bytes may make it one
    malformed,   // they cannot
};
// The frame at the beginning of `bytes`.
tl::expected<DecodedFrame, NoFrame> decode_frame(std::string_view bytes);

}  // namespace together
