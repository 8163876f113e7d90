// SPDX-License-Identifier: Apache-2.0
// Which groups somebody is in: from the account's own record, whatever the groups' sizes.
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "nss_together/database.h"

using namespace together;
using namespace together::nss;

namespace {

// glibc's list, which grows up to a limit where there is one.
struct GroupList {
    long* count;
    long* room;
    gid_t** gids;
    long limit;

    bool is_full() const { return limit > 0 && *count >= limit; }
    // False for want of memory.
    bool add(gid_t gid) {
        if (*count == *room) {
            const long more = *room < 8 ? 16 : *room * 2;
            const long wanted = limit > 0 && more > limit ? limit : more;
            void* const grown = realloc(*gids, static_cast<size_t>(wanted) * sizeof gid);
            if (grown == nullptr) return false;
            *gids = static_cast<gid_t*>(grown);
            *room = wanted;
        }
        (*gids)[(*count)++] = gid;
        return true;
    }
};

Outcome add_groups(const Key& key, gid_t primary, GroupList list) {
    Database database;
    Account account;
    if (key.size == 0) return absent;
    if (const auto opened = database.open(); opened.failed()) return opened;
    if (const auto got = database.find_account(key, account); got.failed()) return got;
    for (uint16_t i = 0; i < account.head.groups && !list.is_full(); ++i) {
        gid_t gid = 0;
        memcpy(&gid, account.groups + i * sizeof gid, sizeof gid);
        if (gid == primary || gid < first_account_id) continue;
        if (!list.add(gid)) return no_memory;
    }
    return found;
}

}  // namespace

extern "C" nss_status _nss_together_initgroups_dyn(const char* user, gid_t group, long* start,
                                                   long* size, gid_t** groups, long limit,
                                                   int* errnop) {
    return answer(add_groups({'l', user}, group, {start, size, groups, limit}), errnop);
}
