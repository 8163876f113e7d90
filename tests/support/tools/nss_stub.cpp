// SPDX-License-Identifier: Apache-2.0
// A name service with one account, zoe of STUB_UID; its name is STUB_SERVICE.
#include <errno.h>
#include <nss.h>
#include <pwd.h>

#include <cstring>

#define JOINED(a, b, c) a##b##c
#define NAMED(service) JOINED(_nss_, service, _getpwnam_r)

extern "C" __attribute__((visibility("default"))) nss_status NAMED(STUB_SERVICE)(const char* login,
                                                                                 passwd* account,
                                                                                 char*, std::size_t,
                                                                                 int* error) {
    *error = ENOENT;
    if (std::strcmp(login, "zoe") != 0) return NSS_STATUS_NOTFOUND;
    char* const text = const_cast<char*>("zoe\0*\0/");
    *account = {text, text + 4, STUB_UID, STUB_UID, text + 5, text + 6, text + 6};
    return NSS_STATUS_SUCCESS;
}
