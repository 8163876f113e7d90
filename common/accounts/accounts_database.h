// SPDX-License-Identifier: Apache-2.0
// accounts.v1 and authorized_keys.v1: their paths, their header, and accounts.v1 as its writer
// reads it again. What their records look like: record_layout.h.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/accounts/derivation.h"
#include "common/roster/checksum.h"
#include "common/roster/constant_database.h"
#include "common/system/trusted_file.h"

namespace together {

inline constexpr const char* accounts_directory = "/var/lib/together";

struct AccountsPaths {
    std::string directory;
    std::string accounts;  // 0644
    std::string keys;      // 0640 root:together

    explicit AccountsPaths(const std::string& folder = accounts_directory)
        : directory(folder),
          accounts(folder + "/accounts.v1"),
          keys(folder + "/authorized_keys.v1") {}
};

// The same again, with room behind it.
inline std::string spare_of(const std::string& path) {
    return path + ".spare";
}

// Plain data, behind the database. The name service does not read it.
struct AccountsHeader {
    std::array<char, 16> magic{};
    std::uint64_t length = 0;  // of the whole file, bytes
    std::array<char, 72> project{};
    std::array<char, 40> group_name{};  // the authority's group, for a round without its answer
    std::uint32_t has_group = 0;
    std::uint32_t gid = 0;  // no_uid: none
    std::uint32_t admin_gid = 0;
    std::uint32_t accounts = 0;
    std::uint32_t removed = 0;  // people and gids
    std::uint32_t without = 0;
    std::uint32_t people_records = 0;  // those before the groups'
    std::uint32_t some_wait = 0;       // of the roster, for an answer of the authority
    Moment first_removed;              // of those that are kept
    Digest roster{};                   // the snapshot's content that it was derived from
    Digest node{};                     // the node's files and configuration, likewise
    Digest records{};
    Digest digest{};
    std::uint64_t checksum = 0;
};

using AccountsMagic = std::array<char, 16>;
inline constexpr AccountsMagic accounts_magic = {'t', 'o', 'g', 'e', 't', 'h', 'e', 'r',
                                                 '-', 'a', 'c', 'c', 'o', 'u', 'n', '1'};
inline constexpr AccountsMagic keys_magic = {'t', 'o', 'g', 'e', 't', 'h', 'e', 'r',
                                             '-', 's', 's', 'h', 'k', 'e', 'y', '1'};

// What the checksums are taken over.
std::span<const std::byte> digested_part(const AccountsHeader& header);
std::uint64_t checksum_of(const AccountsHeader& header);

// Of the same records, derived from the same.
bool is_same_content(AccountsHeader one, AccountsHeader other);

std::string project_in(const AccountsHeader& header);
// The authority's, for whoever has no answer of it.
std::optional<RosterGroup> group_in(const AccountsHeader& header);

std::string group_key(std::string_view name);
std::string gid_key(gid_t gid);
std::string removed_key(uid_t uid);
std::string used_gid_key(gid_t gid);

// A removed account's as well, where it has a uid's key.
std::string encode_account(std::string_view key, const Account& account, const AccountsConfig& as);
std::string encode_nologin(std::string_view key, const RemovedAccount& account,
                           const AccountsConfig& as);
// The same record under another key.
std::string under_key(std::string_view key, std::string record);
std::string encode_removed(std::string_view key, const RemovedAccount& account);
std::string encode_used_gid(std::string_view key, const UsedGid& used);
std::string encode_group(std::string_view key, const AccountGroup& group);
// `text`: "TYPE BASE64\n" for each key.
std::string encode_keys(std::string_view key, const Account& account, std::uint16_t keys,
                        std::string_view text);

std::uint64_t person_of(const Account& account);

// Whose a login is, in a descriptor of accounts.v1.
tl::expected<Account, Absence> find_account(int file, std::string_view login);

// What may stand behind the header.
enum class Behind { nothing, room };

class AccountsDatabase {
  public:
    // Fails where the file is missing, somebody else's, damaged or of another format.
    static tl::expected<AccountsDatabase, OpenFailure> open(const std::string& path,
                                                            const AccountsMagic& magic,
                                                            Behind behind = Behind::nothing);

    const AccountsHeader& header() const { return header_; }
    const struct stat& status() const { return file_.status; }
    int descriptor() const { return file_.descriptor.get(); }
    bool verify_intact() const;
    // Whether every_id is kept from others.
    bool lost_whom_it_had() const;

    // Accounts, removed and used_gids, as they were written. Call verify_intact() first.
    std::optional<Accounts> people() const;
    // The gid of a group of ours; nothing where there is none of that name.
    std::optional<gid_t> gid_of_group(const std::string& name) const;
    // The record of somebody's keys, from a file of keys; nothing where there are none, or where
    // they are those of another person who had the login.
    std::optional<std::string> keys_of(const Account& account, std::vector<char>& buffer) const;

  private:
    AccountsDatabase(TrustedFile file, const AccountsHeader& header)
        : file_(std::move(file)), header_(header) {}

    TrustedFile file_;
    AccountsHeader header_;
};

}  // namespace together
