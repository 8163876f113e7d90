// SPDX-License-Identifier: Apache-2.0
// The group database: by name, by gid. A group that is not stored may be an account's private one.
#include <grp.h>
#include <string.h>

#include "nss_together/database.h"

using namespace together;
using namespace together::nss;

namespace {

// The caller's buffer: pointers to the members and the null behind them, then the texts. Null where
// it is too small.
char** pointers_in(char* buffer, size_t size, size_t members, size_t text) {
    const size_t gap = -reinterpret_cast<uintptr_t>(buffer) % alignof(char*);
    if (size < gap + (members + 1) * sizeof(char*) + text) return nullptr;
    return reinterpret_cast<char**>(buffer + gap);
}

void fill(group* result, char* text, gid_t gid, char** members) {
    result->gr_name = text;
    result->gr_passwd = text + strlen(text) + 1;
    result->gr_gid = gid;
    result->gr_mem = members;
}

// A small group was read with its head. A large one is read so that its texts come to stand where
// they shall, and its offsets where the pointers come, or further back: each is read before it is
// written over.
Outcome give(Database& database, const Key& key, Record record, group* result, char* buffer,
             size_t size) {
    GroupHead head;
    if (record.read < sizeof head) return damaged;
    memcpy(&head, record.bytes, sizeof head);
    const uint64_t offsets = uint64_t{head.members} * sizeof(uint32_t);
    if (head.fixed < sizeof head || head.fixed + offsets + head.text != record.size) return damaged;
    const bool is_small = record.read == record.size;
    // Before a caller is told to come with a larger buffer.
    if (is_small && !is_intact(key, record.bytes, record.size)) return damaged;
    char** const members = pointers_in(buffer, size, head.members, head.text);
    if (members == nullptr) return too_small;
    char* const text = reinterpret_cast<char*>(members + head.members + 1);
    if (is_small) {
        memcpy(text, record.bytes + head.fixed + offsets, head.text);
    } else {
        char* const place = text - offsets - head.fixed;
        if (place < buffer) return damaged;
        if (const auto got = database.read(place, record.size, record.offset); got.failed())
            return got;
        if (!is_intact(key, place, record.size)) return damaged;
        record.bytes = place;
    }
    // The password stands behind the name.
    if (head.text == 0 || text[head.text - 1] != '\0' || strlen(text) + 1 == head.text)
        return damaged;
    for (uint32_t i = 0; i < head.members; ++i) {
        uint32_t offset = 0;
        memcpy(&offset, record.bytes + head.fixed + i * sizeof offset, sizeof offset);
        if (offset >= head.text) return damaged;
        members[i] = text + offset;
    }
    members[head.members] = nullptr;
    fill(result, text, head.gid, members);
    return head.gid >= first_account_id ? found : absent;
}

Outcome give_private(Database& database, const Key& key, group* result, char* buffer, size_t size) {
    Account account;
    if (const auto got = database.find_account(key, account); got.failed()) return got;
    if (!account.is_ours() || account.head.gid != account.head.uid) return absent;
    const size_t login = strlen(account.text) + 1;
    const size_t text = login + strlen(account.text + login) + 1;
    char** const members = pointers_in(buffer, size, 0, text);
    if (members == nullptr) return too_small;
    memcpy(members + 1, account.text, text);
    members[0] = nullptr;
    fill(result, reinterpret_cast<char*>(members + 1), account.head.gid, members);
    return found;
}

Outcome look_up(const Key& key, const Key& account, group* result, char* buffer, size_t size) {
    Database database;
    Record record;
    if (key.size == 0) return absent;
    if (const auto opened = database.open(); opened.failed()) return opened;
    const auto got = database.find(key, record);
    if (got.status == NSS_STATUS_NOTFOUND)
        return give_private(database, account, result, buffer, size);
    return got.failed() ? got : give(database, key, record, result, buffer, size);
}

}  // namespace

extern "C" {

nss_status _nss_together_getgrnam_r(const char* name, group* result, char* buffer, size_t size,
                                    int* errnop) {
    return answer(look_up({'g', name}, {'l', name}, result, buffer, size), errnop);
}

nss_status _nss_together_getgrgid_r(gid_t gid, group* result, char* buffer, size_t size,
                                    int* errnop) {
    return answer(look_up({'i', gid}, {'u', gid}, result, buffer, size), errnop);
}
}
