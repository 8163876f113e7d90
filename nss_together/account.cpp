// SPDX-License-Identifier: Apache-2.0
#include "nss_together/account.h"

#include <string.h>

namespace together::nss {
namespace {

int texts_in(const char* text, size_t size) {
    if (size == 0 || text[size - 1] != '\0') return 0;
    int count = 0;
    for (size_t i = 0; i < size; ++i)
        if (text[i] == '\0') ++count;
    return count;
}

}  // namespace

Outcome find_account(Database& database, const Key& key, Account& account) {
    Record record;
    if (const auto got = database.find(key, record); got.status != NSS_STATUS_SUCCESS) return got;
    auto& head = account.head;
    if (record.read != record.size || record.size < sizeof head ||
        !Database::is_intact(key, record.bytes, record.size))
        return damaged;
    memcpy(&head, record.bytes, sizeof head);
    const size_t groups = head.groups * sizeof(uint32_t);
    if (head.fixed < sizeof head || head.fixed + groups + head.text > record.size) return damaged;
    account.groups = record.bytes + head.fixed;
    account.text = account.groups + groups;
    account.text_size = head.text;
    if (texts_in(account.text, account.text_size) < texts_of_an_account) return damaged;
    return head.uid >= first_account_id && head.gid >= first_account_id ? found : absent;
}

}  // namespace together::nss
