// SPDX-License-Identifier: Apache-2.0
// Two parts of the C++ runtime inside the module, in place of libstdc++'s own, because each login
// loads the module anew. Its exceptions' memory is a pool of 72 KB, taken at each load and given
// back by nobody at dlclose. Its terminate handler demangles names: a third of what the dynamic
// linker had to relocate, a page more for each process to copy.
//
// Only where the runtime is inside: a shared one has its own.
#include <cxxabi.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

// What is thrown where malloc fails: a bad_alloc, by a few threads at once.
struct Reserve {
    std::atomic<bool> taken;
    alignas(std::max_align_t) char bytes[480];
};
Reserve reserves[4];

// The runtime's own head stands right before what is thrown: 128 bytes, zero at first.
constexpr std::size_t head = 256;

char* from_reserve(std::size_t size) {
    if (size <= sizeof Reserve::bytes)
        for (auto& reserve : reserves)
            if (!reserve.taken.exchange(true)) return reserve.bytes;
    std::terminate();
}

}  // namespace

void* __cxxabiv1::__cxa_allocate_exception(std::size_t size) noexcept {
    auto* memory = static_cast<char*>(std::malloc(head + size));
    if (memory == nullptr) memory = from_reserve(head + size);
    std::memset(memory, 0, head);
    return memory + head;
}

void __cxxabiv1::__cxa_free_exception(void* thrown) noexcept {
    char* memory = static_cast<char*>(thrown) - head;
    for (auto& reserve : reserves)
        if (memory == reserve.bytes) return reserve.taken.store(false);
    std::free(memory);
}

namespace __cxxabiv1 {  // NOLINT(bugprone-reserved-identifier): libstdc++'s
extern std::terminate_handler __terminate_handler;  // NOLINT(bugprone-reserved-identifier): too
std::terminate_handler __terminate_handler = std::abort;
}  // namespace __cxxabiv1
