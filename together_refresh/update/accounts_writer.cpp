// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/accounts_writer.h"

#include <cstdint>

#include "common/roster/file_digest.h"
#include "common/system/io.h"
#include "together_refresh/update/cdb_writer.h"

namespace together {
namespace {

Result<void> write_to(NextFile& next, const AccountsRecords& records, AccountsHeader header) {
    if (auto opened = next.open(); !opened) return opened;
    CdbWriter database(next.fd());
    for (const auto& [key, record] : records)
        if (!database.add(key, record)) return next.error("cannot write");
    if (!database.finish()) return next.error("cannot write");
    header.length = static_cast<std::uint64_t>(database.length()) + sizeof header;
    const auto digest = digest_of_file(next.fd(), database.length(), digested_part(header));
    if (!digest) return next.error("cannot read back");
    header.digest = *digest;
    header.checksum = checksum_of(header);
    if (!write_full_at(next.fd(), &header, sizeof header, database.length()))
        return next.error("cannot write");
    return next.commit(static_cast<off_t>(header.length));
}

}  // namespace

AccountsRecords reserved_records(const Accounts& accounts) {
    AccountsRecords records;
    for (const auto& account : accounts.removed) {
        const auto key = removed_key(account.uid);
        records.emplace_back(key, encode_removed(key, account));
    }
    for (const auto& used : accounts.used_gids) {
        const auto key = used_gid_key(used.gid);
        records.emplace_back(key, encode_used_gid(key, used));
    }
    return records;
}

AccountsRecords account_records(const Accounts& accounts, const AccountsConfig& as,
                                std::uint32_t& people) {
    AccountsRecords records;
    records.reserve(2 * (accounts.accounts.size() + accounts.removed.size()) + 4);
    for (const auto& account : accounts.accounts) {
        const auto login = login_key(account.login);
        auto record = encode_account(login, account, as);
        records.emplace_back(login, record);
        if (account.is_the_nodes) continue;
        const auto uid = uid_key(account.uid);
        records.emplace_back(uid, under_key(uid, std::move(record)));
    }
    for (const auto& account : accounts.removed) {
        if (!account.is_found) continue;
        const auto uid = uid_key(account.uid);
        records.emplace_back(uid, encode_nologin(uid, account, as));
    }
    for (auto& record : reserved_records(accounts)) records.push_back(std::move(record));
    people = static_cast<std::uint32_t>(records.size());
    for (const auto& group : accounts.groups) {
        const auto name = group_key(group.name);
        auto record = encode_group(name, group);
        records.emplace_back(name, record);
        const auto gid = gid_key(group.gid);
        records.emplace_back(gid, under_key(gid, std::move(record)));
    }
    return records;
}

Digest digest_of(const AccountsRecords& records) {
    DigestStream digest;
    // Each record's own checksum, with which it begins, is over all of it and over its key.
    for (const auto& [key, record] : records)
        digest.update(std::as_bytes(std::span(record).first(sizeof(std::uint64_t))));
    return digest.finish();
}

Result<void> write_accounts_file(const std::string& path, const AccountsRecords& records,
                                 const AccountsHeader& header, FileAccess access) {
    return write_next(replaced_file(path, access),
                      [&](NextFile& next) { return write_to(next, records, header); });
}

}  // namespace together
