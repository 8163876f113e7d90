// SPDX-License-Identifier: Apache-2.0
// authorized_keys.v1 as together-refresh writes it, without its header, which no reader of keys
// needs.
#pragma once

#include <cdb.h>
#include <fcntl.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "common/accounts/record_layout.h"
#include "common/system/file_descriptor.h"

using KeysOf = std::vector<std::pair<std::string, std::vector<std::string>>>;

// With the fields of a later release between the head and the keys.
inline std::string keys_record(const std::string& key, const std::vector<std::string>& lines,
                               const std::string& later_fields = {}) {
    std::string text;
    for (const auto& line : lines) text += line;
    together::KeysHead head{};
    head.fixed = static_cast<std::uint16_t>(sizeof head + later_fields.size());
    head.text = static_cast<std::uint32_t>(text.size());
    head.keys = static_cast<std::uint16_t>(lines.size());
    std::string record(sizeof head, '\0');
    const auto put_head = [&] { std::memcpy(record.data(), &head, sizeof head); };
    put_head();
    record += later_fields + text;
    head.checksum = together::record_checksum(key.data(), key.size(), record.data(), record.size());
    put_head();
    return record;
}

inline bool write_keys_file(const std::string& path, const KeysOf& people,
                            const std::string& later_fields = {}) {
    const together::FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    cdb_make make{};
    if (!file || ::cdb_make_start(&make, file.get()) != 0) return false;
    for (const auto& [login, lines] : people) {
        const auto key = "l" + login;
        const auto record = keys_record(key, lines, later_fields);
        if (::cdb_make_add(&make, key.data(), static_cast<unsigned>(key.size()), record.data(),
                           static_cast<unsigned>(record.size())) != 0)
            return false;
    }
    return ::cdb_make_finish(&make) == 0;
}
