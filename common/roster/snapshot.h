// SPDX-License-Identifier: Apache-2.0
// The roster on the node's disk: format and reader.
//
// A constant database (cdb), a digest for each of its hash tables, and a header of fixed size; the
// header stands at the end because a cdb begins at offset 0. Keys are "l" + login and "u" + uid (7
// letters: common/system/id_in_key.h); each value is one Record. Native byte order: the file never
// leaves the node. Replaced whole by rename, never changed in place.
//
// Not mapped: page faults made a mapped lookup two to four times slower here, and a mapped file
// that somebody cuts short kills sshd or slurmctld with SIGBUS. Measured, not supposed.
//
// Checksums: each record has one (a damaged record is never believed), the header has one, and the
// header holds the length and the digest of the whole file. "Absent" is concluded only from a hash
// table whose own digest is right: with record checksums alone, a fifth of single flipped bits made
// a rightful login absent, and the digest of the whole file takes 30 ms at a million collaborators.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/roster/checksum.h"
#include "common/roster/constant_database.h"
#include "common/system/clock.h"
#include "common/system/trusted_file.h"

namespace together {

enum class UidSource : std::uint8_t {
    none,       // neither the authority nor the node knows one
    authority,  // the authority sent it: the node's must be the same
    node,       // the node's name service had it when the roster was refreshed
};

struct RosterEntry {
    std::string login;
    std::string user_id;
    std::string role;  // as the authority wrote it
    uid_t uid = 0;     // where uid_source is not none
    UidSource uid_source = UidSource::none;
    bool external = false;
    bool login_shared = false;  // another entry has the same login
    bool uid_shared = false;    // another entry has the same uid

    bool operator==(const RosterEntry&) const = default;
};

inline constexpr std::size_t max_login = 32;
inline constexpr std::size_t max_user_id = 128;
inline constexpr std::size_t max_role = 64;
inline constexpr std::size_t max_record = 512;

// Plain data, on disk as it is.
struct SnapshotHeader {
    std::array<char, 16> magic{};
    std::uint64_t length = 0;  // of the whole file, bytes
    std::int64_t revision = 0;
    Moment validated;  // the stamp of its own writing
    std::uint32_t entries = 0;
    std::uint32_t admins = 0;
    std::uint32_t left_out = 0;  // entries without a usable login
    std::uint32_t without_uid = 0;
    std::uint32_t has_revision = 0;
    std::uint32_t from_node = 0;  // entries whose uid is this node's own
    std::array<char, 72> project{};
    std::array<char, 208> base_url{};
    std::array<char, 264> etag{};  // empty: it may not be asked for conditionally
    Digest content{};              // of what the authority said: equal content needs no new file
    Digest digest{};
    std::uint64_t checksum = 0;
};

inline constexpr std::array<char, 16> snapshot_magic = {'t', 'o', 'g', 'e', 't', 'h', 'e', 'r',
                                                        '/', 'r', 'o', 's', 't', 'e', 'r', '1'};

// By their number, between the database and the header.
using TableDigests = std::array<Digest, number_of_tables>;

// For the writer: what the checksums are taken over.
std::span<const std::byte> digested_part(const SnapshotHeader& header);
std::uint64_t checksum_of(const SnapshotHeader& header);

std::string login_key(std::string_view login);
std::string uid_key(uid_t uid);
std::string id_key(char kind, std::uint32_t id);
// The record's bytes for a key (its checksum covers the key, so that a lookup that a damaged table
// leads to another's record notices). The entry's strings must be within the limits above.
std::string encode_record(std::string_view key, const RosterEntry& entry);
std::optional<RosterEntry> decode_record(std::string_view key, std::string_view bytes);

// An open snapshot. Const functions may run in any number of threads.
class Snapshot {
  public:
    // Fails where the file is missing, somebody else's, damaged, or of another format, project or
    // base_url; the message says which.
    static tl::expected<Snapshot, OpenFailure> open(const std::string& path,
                                                    std::string_view project,
                                                    std::string_view base_url);

    const SnapshotHeader& header() const { return header_; }
    const struct stat& status() const { return file_.status; }

    tl::expected<RosterEntry, Absence> find_login(std::string_view login) const;
    tl::expected<RosterEntry, Absence> find_uid(uid_t uid) const;

    // Reads the whole file and compares its digest. Not needed for a look-up.
    bool verify_intact() const;

    // Each login's entry once, in the order in which the authority listed them. False where the
    // file is damaged. Call verify_intact() first.
    bool for_each(const std::function<void(const RosterEntry&)>& visit) const;

  private:
    Snapshot(TrustedFile file, const SnapshotHeader& header)
        : file_(std::move(file)), header_(header) {}
    tl::expected<RosterEntry, Absence> find(std::string_view key) const;
    bool table_is_intact(std::size_t table) const;

    TrustedFile file_;
    SnapshotHeader header_;
};

}  // namespace together
