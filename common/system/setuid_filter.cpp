// SPDX-License-Identifier: Apache-2.0
#include "common/system/setuid_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "common/system/errno_text.h"

namespace together {
namespace {

// The calls of one architecture that take a real uid first: setuid, setreuid, setresuid, and their
// 16-bit ancestors. A 64-bit kernel runs 32-bit programs too, with numbers of their own.
struct Architecture {
    std::uint32_t audit;
    std::initializer_list<std::uint32_t> calls;
};

#if defined(__x86_64__)
const Architecture architectures[] = {{AUDIT_ARCH_X86_64, {105, 113, 117}},
                                      {AUDIT_ARCH_I386, {23, 70, 164, 203, 208, 213}}};
// x32 has the numbers of x86_64 with this bit.
constexpr std::uint32_t call_mask = ~0x40000000U;
#elif defined(__aarch64__)
const Architecture architectures[] = {{AUDIT_ARCH_AARCH64, {145, 146, 147}},
                                      {AUDIT_ARCH_ARM, {23, 70, 164, 203, 208, 213}}};
constexpr std::uint32_t call_mask = ~0U;
#else
const std::span<const Architecture> architectures;
constexpr std::uint32_t call_mask = ~0U;
#endif

// The kernel takes a uid from the lower half of the register and ignores the upper one, whatever is
// in it: comparing both would let a caller pass who fills it.
constexpr std::uint32_t lower_half_of_first_argument =
    offsetof(seccomp_data, args) +
    (std::endian::native == std::endian::big ? sizeof(std::uint32_t) : 0);

constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;

using Program = std::vector<sock_filter>;

// Jumps are counted from the instruction behind.
sock_filter statement(std::uint16_t code, std::uint32_t k) {
    return {code, 0, 0, k};
}

sock_filter jump_if_equal(std::uint32_t k, std::size_t equal, std::size_t otherwise) {
    return {BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint8_t>(equal),
            static_cast<std::uint8_t>(otherwise), k};
}

sock_filter load(std::uint32_t offset) {
    return statement(BPF_LD | BPF_W | BPF_ABS, offset);
}

// What happens to one of the calls.
Program judge_argument(std::optional<uid_t> uid) {
    const auto answer = [](std::uint32_t value) { return statement(BPF_RET | BPF_K, value); };
    if (uid)
        return {load(lower_half_of_first_argument), jump_if_equal(*uid, 0, 1), answer(refuse),
                answer(SECCOMP_RET_ALLOW)};
    constexpr auto unchanged = static_cast<uid_t>(-1);
    return {load(lower_half_of_first_argument), jump_if_equal(0, 1, 0),
            jump_if_equal(unchanged, 0, 1), answer(SECCOMP_RET_ALLOW), answer(refuse)};
}

Program filter(std::optional<uid_t> uid) {
    const Program argument = judge_argument(uid);
    Program program = {load(offsetof(seccomp_data, arch))};
    for (const auto& architecture : architectures) {
        const std::size_t calls = architecture.calls.size();
        // Another architecture: behind all of this one.
        program.push_back(jump_if_equal(architecture.audit, 0, calls + 3 + argument.size()));
        program.push_back(load(offsetof(seccomp_data, nr)));
        program.push_back(statement(BPF_ALU | BPF_AND | BPF_K, call_mask));
        std::size_t before = calls;
        for (const auto call : architecture.calls)
            program.push_back(jump_if_equal(call, before--, 0));
        program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        program.insert(program.end(), argument.begin(), argument.end());
    }
    // An architecture that this kernel was not known to have: what its numbers mean, nobody knows.
    program.push_back(statement(BPF_RET | BPF_K, refuse));
    return program;
}

// seccomp(2) has no wrapper in glibc. The id of a thread that could not be changed counts as EBUSY.
int install(const sock_fprog& program) {
    const long result =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    return result == 0 ? 0 : result > 0 ? EBUSY : errno;
}

}  // namespace

Result<void> forbid_becoming(std::optional<uid_t> uid) {
    if (std::span<const Architecture>(architectures).empty())
        return failure("there is no system call filter for this processor");
    auto instructions = filter(uid);
    const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
    int error = install(program);
    // root without CAP_SYS_ADMIN, as in a container: seccomp(2) wants this promise first.
    if (error == EACCES && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) error = install(program);
    if (error != 0) return failure(errno_text("cannot set a system call filter", error));
    return {};
}

}  // namespace together
