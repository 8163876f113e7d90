// SPDX-License-Identifier: Apache-2.0
// The passwd database: by login, by uid. Accounts are not listed: no enumeration.
#include <pwd.h>
#include <string.h>

#include "nss_together/database.h"

using namespace together::nss;

namespace {

Outcome look_up(const Key& key, passwd* result, char* buffer, size_t size) {
    Database database;
    Account account;
    if (key.size == 0) return absent;
    if (const auto opened = database.open(); opened.failed()) return opened;
    if (const auto got = database.find_account(key, account); got.failed()) return got;
    if (!account.is_ours()) return absent;
    if (size < account.head.text) return too_small;
    memcpy(buffer, account.text, account.head.text);
    for (char** const field : {&result->pw_name, &result->pw_passwd, &result->pw_gecos,
                               &result->pw_dir, &result->pw_shell}) {
        *field = buffer;
        buffer += strlen(buffer) + 1;
    }
    result->pw_uid = account.head.uid;
    result->pw_gid = account.head.gid;
    return found;
}

}  // namespace

extern "C" {

nss_status _nss_together_getpwnam_r(const char* name, passwd* result, char* buffer, size_t size,
                                    int* errnop) {
    return answer(look_up({'l', name}, result, buffer, size), errnop);
}

nss_status _nss_together_getpwuid_r(uid_t uid, passwd* result, char* buffer, size_t size,
                                    int* errnop) {
    return answer(look_up({'u', uid}, result, buffer, size), errnop);
}
}
