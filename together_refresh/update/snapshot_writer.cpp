// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/snapshot_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <unordered_map>

#include "common/roles/permissions.h"
#include "common/roster/file_digest.h"
#include "common/system/io.h"
#include "together_refresh/update/cdb_writer.h"
#include "together_refresh/update/next_file.h"

namespace together {
namespace {

// Who validates a roster refuses longer ones; cut or wrapped, one would be somebody else's.
bool fits_into_a_record(const RosterEntry& entry) {
    return entry.login.size() <= max_login && entry.role.size() <= max_role &&
           entry.user_id.size() <= max_user_id;
}

// Two entries with one login or one uid: which of them is meant nobody can tell, so neither gets
// in.
void mark_shared(std::vector<RosterEntry>& entries) {
    std::unordered_map<std::string_view, RosterEntry*> by_login;
    std::unordered_map<uid_t, RosterEntry*> by_uid;
    by_login.reserve(entries.size());
    by_uid.reserve(entries.size());
    for (auto& entry : entries) {
        entry.login_shared = entry.uid_shared = false;
        if (const auto [other, is_new] = by_login.try_emplace(entry.login, &entry); !is_new)
            entry.login_shared = other->second->login_shared = true;
        if (entry.uid_source == UidSource::none) continue;
        if (const auto [other, is_new] = by_uid.try_emplace(entry.uid, &entry); !is_new)
            entry.uid_shared = other->second->uid_shared = true;
    }
}

bool add_records(CdbWriter& database, const std::vector<RosterEntry>& entries) {
    std::unordered_map<std::string_view, bool> shared_logins;
    std::unordered_map<uid_t, bool> shared_uids;
    for (const auto& entry : entries) {
        // One record stands for all that share a key.
        if (!entry.login_shared || shared_logins.try_emplace(entry.login, true).second) {
            const auto key = login_key(entry.login);
            if (!database.add(key, encode_record(key, entry))) return false;
        }
        if (entry.uid_source == UidSource::none) continue;
        if (!entry.uid_shared || shared_uids.try_emplace(entry.uid, true).second) {
            const auto key = uid_key(entry.uid);
            if (!database.add(key, encode_record(key, entry))) return false;
        }
    }
    return true;
}

template <std::size_t size>
void put(std::array<char, size>& field, const std::string& text) {
    std::memcpy(field.data(), text.data(), std::min(text.size(), size - 1));
}

SnapshotHeader header_for(const RosterContent& content) {
    SnapshotHeader header;
    header.magic = snapshot_magic;
    header.revision = content.revision.value_or(0);
    header.has_revision = content.revision ? 1 : 0;
    header.validated = content.validated;
    header.left_out = content.left_out;
    header.entries = static_cast<std::uint32_t>(content.entries.size());
    for (const auto& entry : content.entries) {
        if (role_named(entry.role) == Role::admin) ++header.admins;
        if (entry.uid_source == UidSource::none) ++header.without_uid;
        if (entry.uid_source == UidSource::node) ++header.from_node;
    }
    put(header.project, content.project);
    put(header.base_url, content.base_url);
    if (content.etag.size() < header.etag.size()) put(header.etag, content.etag);
    header.content = content_digest(content);
    return header;
}

bool write_at(int fd, std::span<const std::byte> data, off_t offset) {
    return write_full_at(fd, data.data(), data.size(), offset);
}

void digest_text(DigestStream& digest, const std::string& text) {
    digest.update(bytes_of(static_cast<std::uint64_t>(text.size())));
    digest.update(std::as_bytes(std::span(text)));
}

std::optional<TableDigests> table_digests(int fd) {
    TableDigests digests;
    for (std::size_t table = 0; table < digests.size(); ++table) {
        const auto digest = digest_of_table(fd, table);
        if (!digest) return std::nullopt;
        digests[table] = *digest;
    }
    return digests;
}

Result<Digest> write_to(NextFile& next, const RosterContent& content, const SnapshotHeader& like) {
    if (auto opened = next.open(); !opened) return tl::make_unexpected(opened.error());
    CdbWriter database(next.fd());
    if (!add_records(database, content.entries) || !database.finish())
        return next.error("cannot write");
    const auto tables = table_digests(next.fd());
    if (!tables) return next.error("cannot read back");
    if (!write_at(next.fd(), bytes_of(*tables), database.length()))
        return next.error("cannot write");
    const off_t length = database.length() + static_cast<off_t>(sizeof *tables);
    SnapshotHeader header = like;
    header.length = static_cast<std::uint64_t>(length) + sizeof header;
    // Read back rather than computed while writing: what the disk holds is what counts, and tinycdb
    // patches the table at the file's beginning last.
    const auto digest = digest_of_file(next.fd(), length, digested_part(header));
    if (!digest) return next.error("cannot read back");
    header.digest = *digest;
    header.checksum = checksum_of(header);
    if (!write_at(next.fd(), bytes_of(header), length)) return next.error("cannot write");
    if (auto committed = next.commit(length + static_cast<off_t>(sizeof header)); !committed)
        return tl::make_unexpected(committed.error());
    return *digest;
}

}  // namespace

Digest content_digest(const RosterContent& content) {
    DigestStream digest;
    digest_text(digest, content.etag);
    digest.update(bytes_of(content.revision.value_or(-1)));
    digest.update(bytes_of(content.left_out));
    for (const auto& entry : content.entries) {
        digest_text(digest, entry.login);
        digest_text(digest, entry.user_id);
        digest_text(digest, entry.role);
        digest.update(bytes_of(entry.uid));
        digest.update(bytes_of(entry.uid_source));
        digest.update(bytes_of(entry.external));
    }
    return digest.finish();
}

Result<Digest> write_snapshot(const RosterPaths& paths, RosterContent content) {
    if (!std::all_of(content.entries.begin(), content.entries.end(), fits_into_a_record))
        return failure("an entry of the roster is too long for a snapshot");
    mark_shared(content.entries);
    const SnapshotHeader header = header_for(content);
    return write_next(snapshot_file(paths),
                      [&](NextFile& next) { return write_to(next, content, header); });
}

}  // namespace together
