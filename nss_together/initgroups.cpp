// SPDX-License-Identifier: Apache-2.0
// Which groups somebody is in: from the account's own record, whatever the groups' sizes.
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "nss_together/account.h"

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
    if (const auto opened = database.open(); opened.status != NSS_STATUS_SUCCESS) return opened;
    Account account;
    if (const auto got = find_account(database, key, account); got.status != NSS_STATUS_SUCCESS)
        return got;
    for (uint16_t i = 0; i < account.head.groups && !list.is_full(); ++i) {
        gid_t gid;
        memcpy(&gid, account.groups + i * sizeof gid, sizeof gid);
        if (gid == primary || gid < first_account_id) continue;
        if (!list.add(gid)) return no_memory;
    }
    return found;
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] enum nss_status _nss_together_initgroups_dyn(
    const char* user, gid_t group, long* start, long* size, gid_t** groups, long limit,
    int* errnop) {
    Key key;
    return answer(
        make_key(key, 'l', user) ? add_groups(key, group, {start, size, groups, limit}) : absent,
        errnop);
}
}
