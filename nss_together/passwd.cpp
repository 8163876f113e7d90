// SPDX-License-Identifier: Apache-2.0
// The passwd database: by login, by uid. Accounts are not listed: no enumeration.
#include <pwd.h>
#include <string.h>

#include "nss_together/account.h"

using namespace together;
using namespace together::nss;

namespace {

Outcome look_up(const Key& key, passwd* result, char* buffer, size_t size) {
    Database database;
    if (const auto opened = database.open(); opened.status != NSS_STATUS_SUCCESS) return opened;
    Account account;
    if (const auto got = find_account(database, key, account); got.status != NSS_STATUS_SUCCESS)
        return got;
    if (!is_ours(account)) return absent;
    if (size < account.text_size) return too_small;
    memcpy(buffer, account.text, account.text_size);
    char** const fields[] = {&result->pw_name, &result->pw_passwd, &result->pw_gecos,
                             &result->pw_dir, &result->pw_shell};
    for (char** const field : fields) {
        *field = buffer;
        buffer += strlen(buffer) + 1;
    }
    result->pw_uid = account.head.uid;
    result->pw_gid = account.head.gid;
    return found;
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] enum nss_status _nss_together_getpwnam_r(const char* name,
                                                                        passwd* result,
                                                                        char* buffer, size_t size,
                                                                        int* errnop) {
    Key key;
    return answer(make_key(key, 'l', name) ? look_up(key, result, buffer, size) : absent, errnop);
}

[[gnu::visibility("default")]] enum nss_status _nss_together_getpwuid_r(uid_t uid, passwd* result,
                                                                        char* buffer, size_t size,
                                                                        int* errnop) {
    Key key;
    return answer(make_key(key, 'u', uid) ? look_up(key, result, buffer, size) : absent, errnop);
}
}
