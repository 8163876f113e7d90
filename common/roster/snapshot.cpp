// SPDX-License-Identifier: Apache-2.0
#include "common/roster/snapshot.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "common/roster/file_digest.h"
#include "common/system/id_in_key.h"
#include "common/system/io.h"

namespace together {
namespace {

struct RecordHead {
    std::uint64_t checksum;
    std::uint32_t uid;
    std::uint8_t uid_source;
    std::uint8_t flags;
    std::uint8_t login_length;
    std::uint8_t role_length;
    std::uint8_t user_id_length;
    std::array<std::uint8_t, 7> reserved;
};
static_assert(sizeof(RecordHead) == 24);

constexpr std::uint8_t flag_external = 1;
constexpr std::uint8_t flag_login_shared = 2;
constexpr std::uint8_t flag_uid_shared = 4;

constexpr std::size_t max_key = 64;

std::uint64_t record_checksum(std::string_view key, std::string_view record) {
    std::array<char, max_record + max_key> buffer;
    record.remove_prefix(sizeof(RecordHead::checksum));
    std::memcpy(buffer.data(), key.data(), key.size());
    std::memcpy(buffer.data() + key.size(), record.data(), record.size());
    return checksum(std::as_bytes(std::span(buffer).first(key.size() + record.size())));
}

bool read_exactly(int fd, void* buffer, std::size_t size, off_t offset) {
    return read_full_at(fd, buffer, size, offset) == static_cast<ssize_t>(size);
}

template <std::size_t size>
std::string_view text_in(const std::array<char, size>& field) {
    return {field.data(), ::strnlen(field.data(), size)};
}

const char* why_not_usable(const SnapshotHeader& header, off_t size, std::string_view project,
                           std::string_view base_url) {
    if (header.magic != snapshot_magic) return "is not a roster snapshot of format 1";
    if (header.checksum != checksum_of(header))
        return "is damaged (its header's checksum is wrong)";
    if (header.length != static_cast<std::uint64_t>(size))
        return "is damaged (its length is wrong)";
    if (text_in(header.project) != project) return "is another project's roster";
    if (text_in(header.base_url) != base_url) return "came from another base_url";
    return nullptr;
}

tl::unexpected<OpenFailure> unusable(const std::string& path, const char* reason) {
    return tl::make_unexpected(OpenFailure{FileError::unusable, path + " " + reason});
}

}  // namespace

std::span<const std::byte> digested_part(const SnapshotHeader& header) {
    return bytes_of(header).first(offsetof(SnapshotHeader, digest));
}

std::uint64_t checksum_of(const SnapshotHeader& header) {
    return checksum(bytes_of(header).first(offsetof(SnapshotHeader, checksum)));
}

std::string login_key(std::string_view login) {
    return "l" + std::string(login);
}

std::string uid_key(uid_t uid) {
    return id_key('u', uid);
}

std::string id_key(char kind, std::uint32_t id) {
    std::string key(1 + id_letters, kind);
    write_id(key.data() + 1, id);
    return key;
}

std::string encode_record(std::string_view key, const RosterEntry& entry) {
    RecordHead head{};
    head.uid = entry.uid;
    head.uid_source = static_cast<std::uint8_t>(entry.uid_source);
    head.flags = static_cast<std::uint8_t>((entry.external ? flag_external : 0) |
                                           (entry.login_shared ? flag_login_shared : 0) |
                                           (entry.uid_shared ? flag_uid_shared : 0));
    head.login_length = static_cast<std::uint8_t>(entry.login.size());
    head.role_length = static_cast<std::uint8_t>(entry.role.size());
    head.user_id_length = static_cast<std::uint8_t>(entry.user_id.size());
    std::string record(sizeof head, '\0');
    std::memcpy(record.data(), &head, sizeof head);
    record += entry.login + entry.role + entry.user_id;
    head.checksum = record_checksum(key, record);
    std::memcpy(record.data(), &head, sizeof head);
    return record;
}

std::optional<RosterEntry> decode_record(std::string_view key, std::string_view record) {
    RecordHead head;
    if (record.size() < sizeof head || record.size() > max_record || key.size() > max_key)
        return std::nullopt;
    std::memcpy(&head, record.data(), sizeof head);
    if (head.checksum != record_checksum(key, record)) return std::nullopt;
    const auto text = record.substr(sizeof head);
    const std::size_t strings =
        std::size_t{head.login_length} + head.role_length + head.user_id_length;
    if (text.size() != strings || head.uid_source > static_cast<std::uint8_t>(UidSource::node))
        return std::nullopt;
    RosterEntry entry;
    entry.login = text.substr(0, head.login_length);
    entry.role = text.substr(head.login_length, head.role_length);
    entry.user_id = text.substr(std::size_t{head.login_length} + head.role_length);
    entry.uid = head.uid;
    entry.uid_source = static_cast<UidSource>(head.uid_source);
    entry.external = (head.flags & flag_external) != 0;
    entry.login_shared = (head.flags & flag_login_shared) != 0;
    entry.uid_shared = (head.flags & flag_uid_shared) != 0;
    return entry;
}

tl::expected<Snapshot, OpenFailure> Snapshot::open(const std::string& path,
                                                   std::string_view project,
                                                   std::string_view base_url) {
    auto file = open_trusted(path, Links::refuse);
    if (!file) return tl::make_unexpected(std::move(file.error()));
    SnapshotHeader header;
    const off_t size = file->status.st_size;
    const auto offset = size - static_cast<off_t>(sizeof header);
    if (offset < static_cast<off_t>(sizeof(TableDigests)) ||
        !read_exactly(file->descriptor.get(), &header, sizeof header, offset))
        return unusable(path, "is damaged (too short)");
    if (const char* reason = why_not_usable(header, size, project, base_url))
        return unusable(path, reason);
    return Snapshot(std::move(*file), header);
}

tl::expected<RosterEntry, Absence> Snapshot::find(std::string_view key) const {
    if (key.size() > max_key) return tl::make_unexpected(Absence::not_found);
    constexpr std::size_t lengths = 8;
    std::array<char, lengths + max_key + max_record> buffer;
    const auto record = find_in_database(file_.descriptor.get(), key, buffer);
    if (!record && record.error() == Absence::not_found && !table_is_intact(table_of(key)))
        return tl::make_unexpected(Absence::damaged);
    if (!record) return tl::make_unexpected(record.error());
    auto entry = decode_record(key, *record);
    if (!entry) return tl::make_unexpected(Absence::damaged);
    return *std::move(entry);
}

bool Snapshot::table_is_intact(std::size_t table) const {
    const auto digests = header_.length - sizeof header_ - sizeof(TableDigests);
    Digest expected;
    return read_exactly(file_.descriptor.get(), expected.data(), expected.size(),
                        static_cast<off_t>(digests + table * sizeof expected)) &&
           digest_of_table(file_.descriptor.get(), table) == expected;
}

tl::expected<RosterEntry, Absence> Snapshot::find_login(std::string_view login) const {
    return find(login_key(login));
}

tl::expected<RosterEntry, Absence> Snapshot::find_uid(uid_t uid) const {
    return find(uid_key(uid));
}

bool Snapshot::verify_intact() const {
    const auto content = static_cast<off_t>(header_.length - sizeof header_);
    return digest_of_file(file_.descriptor.get(), content, digested_part(header_)) ==
           header_.digest;
}

bool Snapshot::for_each(const std::function<void(const RosterEntry&)>& visit) const {
    DatabaseRecords records(file_.descriptor.get());
    if (!records.begin()) return false;
    while (!records.at_end()) {
        const auto record = records.next();
        if (!record) return false;
        if (!record->key.starts_with('l')) continue;
        const auto entry = decode_record(record->key, record->value);
        if (!entry) return false;
        visit(*entry);
    }
    return true;
}

}  // namespace together
