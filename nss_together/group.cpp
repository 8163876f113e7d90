// SPDX-License-Identifier: Apache-2.0
// The group database: by name, by gid. A group that is not stored may be an account's private one.
#include <grp.h>
#include <string.h>

#include "nss_together/account.h"

using namespace together;
using namespace together::nss;

namespace {

// The caller's buffer: pointers to the members and the null behind them, then the texts.
struct Layout {
    char** members;
    char* text;
    bool fits;
};

Layout layout_in(char* buffer, size_t size, size_t members, size_t text) {
    const size_t gap = -reinterpret_cast<uintptr_t>(buffer) % alignof(char*);
    const size_t pointers = (members + 1) * sizeof(char*);
    Layout layout = {nullptr, nullptr, size >= gap && size - gap >= pointers + text};
    if (!layout.fits) return layout;
    layout.members = reinterpret_cast<char**>(buffer + gap);
    layout.text = buffer + gap + pointers;
    return layout;
}

uint32_t offset_at(const char* offsets, size_t number) {
    uint32_t offset;
    memcpy(&offset, offsets + number * sizeof offset, sizeof offset);
    return offset;
}

// Offsets stand where the pointers come, or further back: each is read before it is written over.
bool point_to_members(const Layout& layout, const char* offsets, const together::GroupHead& head) {
    for (uint32_t i = 0; i < head.members; ++i) {
        const uint32_t offset = offset_at(offsets, i);
        if (offset >= head.text) return false;
        layout.members[i] = layout.text + offset;
    }
    layout.members[head.members] = nullptr;
    return true;
}

// A small group was read with its head; a large one is read to where its texts are to stand.
Outcome give(Database& database, const Key& key, const Record& record, group* result, char* buffer,
             size_t size) {
    together::GroupHead head;
    if (record.read < sizeof head || record.size < sizeof head) return damaged;
    memcpy(&head, record.bytes, sizeof head);
    const uint64_t offsets = uint64_t{head.members} * sizeof(uint32_t);
    if (head.fixed < sizeof head || head.fixed + offsets + head.text != record.size) return damaged;
    const bool is_small = record.read == record.size;
    // Before a caller is told to come with a larger buffer.
    if (is_small && !Database::is_intact(key, record.bytes, record.size)) return damaged;
    const auto layout = layout_in(buffer, size, head.members, head.text);
    if (!layout.fits) return too_small;
    const char* bytes = record.bytes;
    if (!is_small) {
        char* const place = layout.text - offsets - head.fixed;
        if (place < buffer) return damaged;
        if (const auto got = database.read(place, record.size, record.offset);
            got.status != NSS_STATUS_SUCCESS)
            return got;
        if (!Database::is_intact(key, place, record.size)) return damaged;
        bytes = place;
    }
    const char* const text = bytes + head.fixed + offsets;
    if (head.text == 0 || text[head.text - 1] != '\0') return damaged;
    if (head.gid < first_account_id) return absent;
    if (is_small) memcpy(layout.text, text, head.text);
    if (!point_to_members(layout, bytes + head.fixed, head)) return damaged;
    result->gr_name = layout.text;
    result->gr_passwd = layout.text + strlen(layout.text) + 1;
    result->gr_gid = head.gid;
    result->gr_mem = layout.members;
    return found;
}

Outcome give_private(Database& database, const Key& key, group* result, char* buffer, size_t size) {
    Account account;
    if (const auto got = find_account(database, key, account); got.status != NSS_STATUS_SUCCESS)
        return got;
    if (!is_ours(account) || account.head.gid != account.head.uid) return absent;
    const size_t login = strlen(account.text) + 1;
    const size_t text = login + strlen(account.text + login) + 1;
    const auto layout = layout_in(buffer, size, 0, text);
    if (!layout.fits) return too_small;
    memcpy(layout.text, account.text, text);
    layout.members[0] = nullptr;
    result->gr_name = layout.text;
    result->gr_passwd = layout.text + login;
    result->gr_gid = account.head.gid;
    result->gr_mem = layout.members;
    return found;
}

Outcome look_up(const Key& key, char kind_of_account, group* result, char* buffer, size_t size) {
    Database database;
    if (const auto opened = database.open(); opened.status != NSS_STATUS_SUCCESS) return opened;
    Record record;
    const auto got = database.find(key, record);
    if (got.status == NSS_STATUS_SUCCESS) return give(database, key, record, result, buffer, size);
    if (got.status != NSS_STATUS_NOTFOUND) return got;
    Key account = key;
    account.bytes[0] = kind_of_account;
    return give_private(database, account, result, buffer, size);
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] enum nss_status _nss_together_getgrnam_r(const char* name,
                                                                        group* result, char* buffer,
                                                                        size_t size, int* errnop) {
    Key key;
    return answer(make_key(key, 'g', name) ? look_up(key, 'l', result, buffer, size) : absent,
                  errnop);
}

[[gnu::visibility("default")]] enum nss_status _nss_together_getgrgid_r(gid_t gid, group* result,
                                                                        char* buffer, size_t size,
                                                                        int* errnop) {
    Key key;
    return answer(make_key(key, 'i', gid) ? look_up(key, 'u', result, buffer, size) : absent,
                  errnop);
}
}
