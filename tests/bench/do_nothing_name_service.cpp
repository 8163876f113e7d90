// SPDX-License-Identifier: Apache-2.0
// libnss_nothing.so.2, a name service that knows nobody: what loading and asking one costs.
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>

namespace {

nss_status nothing(int* errnop) {
    *errnop = ENOENT;
    return NSS_STATUS_NOTFOUND;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

nss_status _nss_nothing_getpwnam_r(const char*, passwd*, char*, size_t, int* errnop) {
    return nothing(errnop);
}

nss_status _nss_nothing_getpwuid_r(uid_t, passwd*, char*, size_t, int* errnop) {
    return nothing(errnop);
}

nss_status _nss_nothing_getgrnam_r(const char*, group*, char*, size_t, int* errnop) {
    return nothing(errnop);
}

nss_status _nss_nothing_initgroups_dyn(const char*, gid_t, long*, long*, gid_t**, long,
                                       int* errnop) {
    return nothing(errnop);
}
}
#pragma GCC visibility pop
