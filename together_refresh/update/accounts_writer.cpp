// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/accounts_writer.h"

#include <span>
#include <utility>

#include "common/system/io.h"

namespace together {
namespace {

Result<void> write_to(NextFile& next, const std::string& content) {
    if (auto opened = next.open(); !opened) return opened;
    if (!write_full_at(next.fd(), content.data(), content.size(), 0))
        return next.error("cannot write");
    return next.commit(static_cast<off_t>(content.size()));
}

}  // namespace

void add_reserved(CdbImage& records, const Accounts& accounts) {
    for (const auto& account : accounts.removed) {
        const auto key = removed_key(account.uid);
        records.add(key, encode_removed(key, account));
    }
    for (const auto& used : accounts.used_gids) {
        const auto key = used_gid_key(used.gid);
        records.add(key, encode_used_gid(key, used));
    }
}

CdbImage account_records(const Accounts& accounts, const AccountsConfig& as,
                         std::uint32_t& people) {
    CdbImage records;
    const auto number = 2 * accounts.accounts.size();
    records.reserve(number, number * usual_record);
    for (const auto& account : accounts.accounts) {
        const auto login = login_key(account.login);
        auto record = encode_account(login, account, as);
        records.add(login, record);
        if (account.is_the_nodes) continue;
        const auto uid = uid_key(account.uid);
        records.add(uid, under_key(uid, std::move(record)));
    }
    for (const auto& account : accounts.removed) {
        if (!account.is_found) continue;
        const auto uid = uid_key(account.uid);
        records.add(uid, encode_nologin(uid, account, as));
    }
    add_reserved(records, accounts);
    people = records.size();
    for (const auto& group : accounts.groups) {
        const auto name = group_key(group.name);
        auto record = encode_group(name, group);
        records.add(name, record);
        const auto gid = gid_key(group.gid);
        records.add(gid, under_key(gid, std::move(record)));
    }
    return records;
}

Result<void> write_accounts_file(const std::string& path, CdbImage records, AccountsHeader header,
                                 FileAccess access) {
    auto content = std::move(records).finish();
    if (!content) return failure("the accounts are too many for " + path);
    header.length = content->size() + sizeof header;
    DigestStream digest;
    digest.update(std::as_bytes(std::span(*content)));
    digest.update(digested_part(header));
    header.digest = digest.finish();
    header.checksum = checksum_of(header);
    content->append(reinterpret_cast<const char*>(&header), sizeof header);
    return write_next(replaced_file(path, access),
                      [&](NextFile& next) { return write_to(next, *content); });
}

}  // namespace together
