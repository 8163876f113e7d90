// SPDX-License-Identifier: Apache-2.0
// authorized_keys.v1 as together-refresh writes it, and accounts.v1 with those people, both without
// their header, which no reader of keys needs.
#pragma once

#include <cdb.h>
#include <fcntl.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "common/accounts/accounts_database.h"
#include "common/accounts/record_layout.h"
#include "common/system/file_descriptor.h"

using KeysOf = std::vector<std::pair<std::string, std::vector<std::string>>>;

inline together::Account account_of_tests(const std::string& login, const std::string& user_id = {},
                                          uid_t uid = 20000) {
    return {login, user_id.empty() ? "user_" + login : user_id, uid, {}, false};
}

// With the fields of a later release between the head and the keys.
inline std::string keys_record(const std::string& key, const together::Account& account,
                               const std::vector<std::string>& lines,
                               const std::string& later_fields = {}) {
    std::string text;
    for (const auto& line : lines) text += line;
    together::KeysHead head{};
    head.fixed = static_cast<std::uint16_t>(sizeof head + later_fields.size());
    head.text = static_cast<std::uint32_t>(text.size());
    head.keys = static_cast<std::uint16_t>(lines.size());
    head.person = person_of(account);
    std::string record(sizeof head, '\0');
    const auto put_head = [&] { std::memcpy(record.data(), &head, sizeof head); };
    put_head();
    record += later_fields + text;
    head.checksum = together::record_checksum(key.data(), key.size(), record.data(), record.size());
    put_head();
    return record;
}

// "l" LOGIN and a record for each.
using RecordsOfPeople = std::vector<std::pair<std::string, std::string>>;

inline bool write_records_of_people(const std::string& path, const RecordsOfPeople& records) {
    const together::FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    cdb_make make{};
    if (!file || ::cdb_make_start(&make, file.get()) != 0) return false;
    for (const auto& [key, record] : records)
        if (::cdb_make_add(&make, key.data(), static_cast<unsigned>(key.size()), record.data(),
                           static_cast<unsigned>(record.size())) != 0)
            return false;
    return ::cdb_make_finish(&make) == 0;
}

inline bool write_accounts_of_tests(const std::string& path,
                                    const std::vector<together::Account>& people) {
    RecordsOfPeople records;
    for (const auto& account : people) {
        const auto key = "l" + account.login;
        records.emplace_back(key,
                             together::encode_account(key, account, together::AccountsConfig{}));
    }
    return write_records_of_people(path, records);
}

inline bool write_keys_file(const together::AccountsPaths& paths, const KeysOf& people,
                            const std::string& later_fields = {},
                            uid_t (*uid_of)(const std::string&) = nullptr) {
    RecordsOfPeople records;
    std::vector<together::Account> accounts;
    for (const auto& [login, lines] : people) {
        accounts.push_back(account_of_tests(login));
        if (uid_of != nullptr) accounts.back().uid = uid_of(login);
        const auto key = "l" + login;
        records.emplace_back(key, keys_record(key, accounts.back(), lines, later_fields));
    }
    return write_records_of_people(paths.keys, records) &&
           write_accounts_of_tests(paths.accounts, accounts);
}
