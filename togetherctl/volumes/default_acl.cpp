// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/volumes/default_acl.h"

#include <array>
#include <cstdint>

namespace together::ctl {
namespace {

// linux/posix_acl_xattr.h: little endian, whatever the machine's.
constexpr std::uint32_t version = 2;
constexpr std::uint32_t undefined_id = 0xffffffff;

struct Entry {
    std::uint16_t tag;
    std::uint16_t permissions;
};
constexpr std::uint16_t rwx = 7;
constexpr std::array<Entry, 3> entries = {{{0x01, rwx}, {0x04, rwx}, {0x20, 0}}};

template <class T>
void add(std::string& bytes, T number) {
    for (std::size_t i = 0; i < sizeof number; ++i)
        bytes += static_cast<char>(number >> (8 * i) & 0xffU);
}

}  // namespace

std::string default_acl_of_a_volume() {
    std::string bytes;
    add(bytes, version);
    for (const auto& [tag, permissions] : entries) {
        add(bytes, tag);
        add(bytes, permissions);
        add(bytes, undefined_id);
    }
    return bytes;
}

}  // namespace together::ctl
