// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/child/frames.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "common/accounts/ssh_key.h"
#include "common/roles/identifiers.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

enum class FrameKind : char {
    entry = 'e',
    key = 'k',
    group = 'g',
    restart = 'r',
    note = 'n',
    conformance = 'c',
    access = 'a',
    summary = 's',
    uid = 'u',
    elsewhere = 'o',
    group_elsewhere = 'p',
    asked = 'q',
    end = '.',
};

constexpr std::size_t head_size = 3;
constexpr std::size_t finding_head = 2;  // its check and its result, a byte each
// Records on the pipe are nobody's value. Not null: it is copied from.
constexpr std::string_view entry_key = "";  // NOLINT(readability-redundant-string-init)

// No bool: what comes may be any byte.
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

// Nothing where there is no such kind.
std::optional<std::size_t> max_payload(FrameKind kind) {
    switch (kind) {
        case FrameKind::entry:
            return max_record;
        case FrameKind::key:
            return max_login + 1 + max_ssh_key;
        case FrameKind::group:
            return 2 * sizeof(gid_t) + max_group_name;
        case FrameKind::note:
            return max_frame_text;
        case FrameKind::conformance:
        case FrameKind::access:
            return finding_head + max_frame_text;
        case FrameKind::summary:
            return sizeof(SummaryLayout) + 4 * max_frame_text;
        case FrameKind::uid:
        case FrameKind::elsewhere:
        case FrameKind::group_elsewhere:
            return sizeof(uid_t) + max_login;
        case FrameKind::asked:
            return max_login;
        case FrameKind::restart:
        case FrameKind::end:
            return 0;
    }
    return std::nullopt;
}

void append_head(std::string& frames, FrameKind kind, std::size_t size) {
    const auto length = static_cast<std::uint16_t>(size);
    frames += static_cast<char>(kind);
    frames.append(reinterpret_cast<const char*>(&length), sizeof length);
}

std::string frame_of(FrameKind kind, std::string_view payload) {
    std::string frame;
    frame.reserve(head_size + payload.size());
    append_head(frame, kind, payload.size());
    frame.append(payload);
    return frame;
}

std::string shortened(const std::string& text) {
    std::string result = text.substr(0, max_frame_text);
    std::replace_if(
        result.begin(), result.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
    if (!is_printable(result))
        std::replace_if(
            result.begin(), result.end(),
            [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return result;
}

template <class CheckName, class Result>
std::string finding_payload(CheckName check, Result result, const std::string& text) {
    return std::string{static_cast<char>(check), static_cast<char>(result)} + shortened(text);
}

template <class LoginAndUid>
std::string uid_payload(const LoginAndUid& frame) {
    return std::string(reinterpret_cast<const char*>(&frame.uid), sizeof frame.uid) + frame.login;
}

// ---- decoding: each refuses what its encoder does not write ---------------------------------

std::optional<RosterEntry> decode_entry(std::string_view payload) {
    auto entry = decode_record(entry_key, payload);
    if (!entry || !is_valid_entry(*entry)) return std::nullopt;
    return entry;
}

std::optional<SshKey> decode_key(std::string_view payload) {
    const auto blank = payload.find(' ');
    if (blank == payload.npos) return std::nullopt;
    SshKey key{std::string(payload.substr(0, blank)), std::string(payload.substr(blank + 1))};
    if (!is_login(key.login) || canonical_ssh_key(key.text) != key.text) return std::nullopt;
    return key;
}

// As on the wire: no_uid is none.
std::optional<gid_t> take_gid(std::string_view& payload) {
    gid_t gid = no_uid;
    std::memcpy(&gid, payload.data(), sizeof gid);
    payload.remove_prefix(sizeof gid);
    return gid == no_uid ? std::nullopt : std::optional(gid);
}

std::optional<RosterGroup> decode_group(std::string_view payload) {
    if (payload.size() < 2 * sizeof(gid_t)) return std::nullopt;
    RosterGroup group;
    group.gid = take_gid(payload);
    group.admin_gid = take_gid(payload);
    group.name = payload;
    if (!is_valid_group(group)) return std::nullopt;
    return group;
}

std::optional<NoteFrame> decode_note(std::string_view payload) {
    if (!is_printable(payload)) return std::nullopt;
    return NoteFrame{std::string(payload)};
}

template <class Finding, class CheckName, class Result>
std::optional<Finding> decode_finding(std::string_view payload, std::size_t checks,
                                      std::size_t results) {
    if (payload.size() < finding_head) return std::nullopt;
    const auto check = static_cast<unsigned char>(payload[0]);
    const auto result = static_cast<unsigned char>(payload[1]);
    payload.remove_prefix(finding_head);
    if (check >= checks || result >= results || !is_printable(payload)) return std::nullopt;
    return Finding{static_cast<CheckName>(check), static_cast<Result>(result),
                   std::string(payload)};
}

bool is_sound(const SummaryLayout& layout) {
    const auto flags = {layout.has_revision, layout.has_retry_after, layout.was_long_poll,
                        layout.was_answered, layout.needs_port};
    const auto lengths = {layout.message_length, layout.request_id_length, layout.etag_length,
                          layout.address_length};
    return layout.outcome <= FetchOutcome::our_fault && layout.revision >= 0 &&
           layout.retry_after >= 0 &&
           std::all_of(flags.begin(), flags.end(), [](auto flag) { return flag <= 1; }) &&
           std::all_of(lengths.begin(), lengths.end(),
                       [](auto length) { return length <= max_frame_text; });
}

std::optional<FetchSummary> decode_summary(std::string_view payload) {
    SummaryLayout layout;
    if (payload.size() < sizeof layout) return std::nullopt;
    std::memcpy(&layout, payload.data(), sizeof layout);
    payload.remove_prefix(sizeof layout);
    const std::size_t lengths = std::size_t{layout.message_length} + layout.request_id_length +
                                layout.etag_length + layout.address_length;
    if (!is_sound(layout) || payload.size() != lengths) return std::nullopt;
    const auto next = [&](std::uint16_t length) {
        const auto text = payload.substr(0, length);
        payload.remove_prefix(length);
        return std::string(text);
    };
    FetchSummary summary;
    summary.outcome = layout.outcome;
    summary.message = next(layout.message_length);
    summary.request_id = next(layout.request_id_length);
    summary.etag = next(layout.etag_length);
    summary.address = next(layout.address_length);
    for (const auto* text :
         {&summary.message, &summary.request_id, &summary.etag, &summary.address})
        if (!is_printable(*text)) return std::nullopt;
    summary.was_answered = layout.was_answered != 0;
    summary.needs_port = layout.needs_port != 0;
    summary.left_out = layout.left_out;
    summary.was_long_poll = layout.was_long_poll != 0;
    if (layout.has_revision != 0) summary.revision = layout.revision;
    if (layout.has_retry_after != 0) summary.retry_after = Nanoseconds(layout.retry_after);
    return summary;
}

template <class LoginAndUid>
std::optional<LoginAndUid> decode_uid(std::string_view payload) {
    LoginAndUid frame{};
    if (payload.size() < sizeof frame.uid) return std::nullopt;
    std::memcpy(&frame.uid, payload.data(), sizeof frame.uid);
    frame.login = payload.substr(sizeof frame.uid);
    if (!is_login(frame.login)) return std::nullopt;
    return frame;
}

std::optional<AskedFrame> decode_asked(std::string_view payload) {
    if (!payload.empty() && !is_login(payload)) return std::nullopt;
    return AskedFrame{std::string(payload)};
}

std::optional<Frame> decode_payload(FrameKind kind, std::string_view payload) {
    switch (kind) {
        case FrameKind::entry:
            return decode_entry(payload);
        case FrameKind::key:
            return decode_key(payload);
        case FrameKind::group:
            return decode_group(payload);
        case FrameKind::restart:
            return RestartFrame{};
        case FrameKind::note:
            return decode_note(payload);
        case FrameKind::conformance:
            return decode_finding<ConformanceResult, Check, CheckResult>(payload, number_of_checks,
                                                                         number_of_results);
        case FrameKind::access:
            return decode_finding<AccessFinding, AccessCheck, AccessResult>(
                payload, number_of_access_checks, number_of_access_results);
        case FrameKind::summary:
            return decode_summary(payload);
        case FrameKind::uid:
            return decode_uid<UidFrame>(payload);
        case FrameKind::elsewhere:
            return decode_uid<ElsewhereFrame>(payload);
        case FrameKind::group_elsewhere:
            return decode_uid<GroupElsewhereFrame>(payload);
        case FrameKind::asked:
            return decode_asked(payload);
        case FrameKind::end:
            return EndFrame{};
    }
    return std::nullopt;
}

}  // namespace

std::string encode_frame(const RosterEntry& entry) {
    return frame_of(FrameKind::entry, encode_record(entry_key, entry));
}

std::string encode_frame(const SshKey& key) {
    std::string frame;
    append_frame(frame, key);
    return frame;
}

void append_frame(std::string& frames, const SshKey& key) {
    append_head(frames, FrameKind::key, key.login.size() + 1 + key.text.size());
    frames.append(key.login).append(1, ' ').append(key.text);
}

std::string encode_frame(const RosterGroup& group) {
    const gid_t gids[] = {group.gid.value_or(no_uid), group.admin_gid.value_or(no_uid)};
    return frame_of(FrameKind::group,
                    std::string(reinterpret_cast<const char*>(gids), sizeof gids) + group.name);
}

std::string encode_frame(const RestartFrame&) {
    return frame_of(FrameKind::restart, {});
}

std::string encode_frame(const NoteFrame& note) {
    return frame_of(FrameKind::note, shortened(note.text));
}

std::string encode_frame(const ConformanceResult& finding) {
    return frame_of(FrameKind::conformance,
                    finding_payload(finding.check, finding.result, finding.got));
}

std::string encode_frame(const AccessFinding& finding) {
    return frame_of(FrameKind::access,
                    finding_payload(finding.check, finding.result, finding.what));
}

std::string encode_frame(const FetchSummary& summary) {
    const auto message = shortened(summary.message);
    const auto request_id = shortened(summary.request_id);
    const bool usable_etag = summary.etag.size() <= max_frame_text && is_printable(summary.etag);
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
    const std::string head(reinterpret_cast<const char*>(&layout), sizeof layout);
    return frame_of(FrameKind::summary, head + message + request_id + etag + address);
}

std::string encode_frame(const UidFrame& uid) {
    return frame_of(FrameKind::uid, uid_payload(uid));
}

std::string encode_frame(const ElsewhereFrame& account) {
    return frame_of(FrameKind::elsewhere, uid_payload(account));
}

std::string encode_frame(const GroupElsewhereFrame& group) {
    return frame_of(FrameKind::group_elsewhere, uid_payload(group));
}

std::string encode_frame(const AskedFrame& asked) {
    return frame_of(FrameKind::asked, asked.login);
}

std::string encode_frame(const EndFrame&) {
    return frame_of(FrameKind::end, {});
}

tl::expected<DecodedFrame, NoFrame> decode_frame(std::string_view bytes) {
    if (bytes.size() < head_size) return tl::make_unexpected(NoFrame::incomplete);
    const auto kind = static_cast<FrameKind>(bytes.front());
    std::uint16_t length = 0;
    std::memcpy(&length, bytes.data() + 1, sizeof length);
    const auto most = max_payload(kind);
    if (!most || length > *most) return tl::make_unexpected(NoFrame::malformed);
    if (bytes.size() < head_size + length) return tl::make_unexpected(NoFrame::incomplete);
    auto frame = decode_payload(kind, bytes.substr(head_size, length));
    if (!frame) return tl::make_unexpected(NoFrame::malformed);
    return DecodedFrame{*std::move(frame), head_size + length};
}

}  // namespace together
