// SPDX-License-Identifier: Apache-2.0
// The module's five functions, as glibc calls them, and the accounts that they answer from.
#pragma once

#include <grp.h>
#include <nss.h>
#include <pwd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "common/accounts/accounts_database.h"
#include "tests/unit/support/accounts_file_of_tests.h"
#include "tests/unit/support/temporary_directory.h"
#include "together_refresh/update/accounts_writer.h"

extern "C" {
nss_status _nss_together_getpwnam_r(const char*, passwd*, char*, size_t, int*);
nss_status _nss_together_getpwuid_r(uid_t, passwd*, char*, size_t, int*);
nss_status _nss_together_getgrnam_r(const char*, group*, char*, size_t, int*);
nss_status _nss_together_getgrgid_r(gid_t, group*, char*, size_t, int*);
nss_status _nss_together_initgroups_dyn(const char*, gid_t, long*, long*, gid_t**, long, int*);
}

// "LOGIN:*:UID:GID:GECOS:HOME:SHELL", "NAME:*:GID:MEMBERS", "GID GID ", "absent" or the errno.
class NameService {
  public:
    NameService() { ::accounts_file_of_tests = path_.c_str(); }

    void write(const together::Accounts& accounts) const {
        together::AccountsHeader header;
        header.magic = together::accounts_magic;
        auto records =
            together::account_records(accounts, together::AccountsConfig{}, header.people_records);
        write_records(std::move(records), header);
    }
    void write_record(const std::string& key, const std::string& record) const {
        together::CdbImage records;
        records.add(key, record);
        write_records(std::move(records), {});
    }
    const std::string& path() const { return path_; }

    std::string user(const std::string& login, std::size_t size = 1024) {
        return passwd_text(
            size, [&](auto... rest) { return _nss_together_getpwnam_r(login.c_str(), rest...); });
    }
    std::string user(uid_t uid, std::size_t size = 1024) {
        return passwd_text(size,
                           [&](auto... rest) { return _nss_together_getpwuid_r(uid, rest...); });
    }
    std::string group(const std::string& name, std::size_t size = 1024) {
        return group_text(
            size, [&](auto... rest) { return _nss_together_getgrnam_r(name.c_str(), rest...); });
    }
    std::string group(gid_t gid, std::size_t size = 1024) {
        return group_text(size,
                          [&](auto... rest) { return _nss_together_getgrgid_r(gid, rest...); });
    }
    std::string groups_of(const std::string& login, gid_t primary = 0, long limit = -1,
                          long room = 1) {
        long count = 0;
        auto* gids =
            static_cast<gid_t*>(std::malloc(static_cast<std::size_t>(room) * sizeof(gid_t)));
        int error = -1;
        const auto status = _nss_together_initgroups_dyn(login.c_str(), primary, &count, &room,
                                                         &gids, limit, &error);
        std::string text;
        for (long i = 0; i < count; ++i) text += std::to_string(gids[i]) + " ";
        std::free(gids);
        return status == NSS_STATUS_SUCCESS ? text : failure_text(status, error);
    }

  private:
    void write_records(together::CdbImage records, const together::AccountsHeader& header) const {
        if (!together::write_accounts_file(path_, std::move(records), header, {0644, ::getegid()}))
            std::abort();
    }

    static std::string failure_text(nss_status status, int error) {
        if (status == NSS_STATUS_NOTFOUND) return "absent";
        return (status == NSS_STATUS_UNAVAIL ? "unavailable " : "try again ") +
               std::to_string(error);
    }

    template <class Call>
    std::string passwd_text(std::size_t size, const Call& call) {
        // Of exactly this size, so that the sanitizer sees what is written behind it.
        const std::unique_ptr<char[]> buffer(new char[size]);
        passwd entry{};
        int error = -1;
        const auto status = call(&entry, buffer.get(), size, &error);
        if (status != NSS_STATUS_SUCCESS) return failure_text(status, error);
        return std::string(entry.pw_name) + ":" + entry.pw_passwd + ":" +
               std::to_string(entry.pw_uid) + ":" + std::to_string(entry.pw_gid) + ":" +
               entry.pw_gecos + ":" + entry.pw_dir + ":" + entry.pw_shell;
    }

    template <class Call>
    std::string group_text(std::size_t size, const Call& call) {
        const std::unique_ptr<char[]> buffer(new char[size]);
        ::group entry{};
        int error = -1;
        const auto status = call(&entry, buffer.get(), size, &error);
        if (status != NSS_STATUS_SUCCESS) return failure_text(status, error);
        std::string text = std::string(entry.gr_name) + ":" + entry.gr_passwd + ":" +
                           std::to_string(entry.gr_gid) + ":";
        for (char** member = entry.gr_mem; *member != nullptr; ++member)
            text += (member == entry.gr_mem ? "" : ",") + std::string(*member);
        return text;
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_ / "accounts.v1";
};
