// SPDX-License-Identifier: Apache-2.0
// What nscd is told, and that nobody waits for it.
#include "together_refresh/update/nscd.h"

#include <CppUTest/TestHarness.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "tests/unit/support/temporary_directory.h"
#include "tests/unit/support/texts.h"

using namespace together;

TEST_GROUP(nscd) {
    TemporaryDirectory directory;
    std::string path = directory / "socket";

    FileDescriptor listen(int backlog) const {
        FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        CHECK_EQUAL(0, ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
        CHECK_EQUAL(0, ::listen(socket.get(), backlog));
        return socket;
    }
};

TEST(nscd, is_told_to_forget_passwd_and_group) {
    const auto socket = listen(8);
    tell_nscd(path);
    std::string told;
    for (int i = 0; i < 2; ++i) {
        const FileDescriptor client(::accept(socket.get(), nullptr, nullptr));
        char request[64];
        const auto got = read_full(client.get(), request, sizeof request);
        // Version 2, INVALIDATE, the length, the name.
        const std::int32_t head[] = {2, 10, i == 0 ? 7 : 6};
        CHECK_TRUE(got > static_cast<ssize_t>(sizeof head));
        MEMCMP_EQUAL(head, request, sizeof head);
        told += std::string(request + sizeof head) + " ";
    }
    TEXT_EQUAL("passwd group ", told);
}

TEST(nscd, is_waited_for_by_nobody) {
    tell_nscd(path);  // there is none
    tell_nscd(std::string(200, 'x'));
    const auto socket = listen(0);
    for (int i = 0; i < 50; ++i) tell_nscd(path);  // it hangs
    CHECK_TRUE(true);
}
