// SPDX-License-Identifier: Apache-2.0
// authorized_keys.v1 and accounts.v1, cut and with bits flipped: a login gets its own keys or none.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "authorized_keys/served_keys.h"
#include "common/system/io.h"
#include "tests/unit/support/keys_file.h"

namespace {

const std::string head = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI";

std::string key(std::size_t which) {
    auto number = std::to_string(which);
    return head + std::string(43 - number.size(), 'A') + number + "\n";
}

std::string login(std::size_t which) {
    return "user" + std::to_string(which);
}

constexpr std::size_t people = 40;

std::string content_of(const std::string& path) {
    const together::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string bytes(std::size_t{64} * 1024, '\0');
    bytes.resize(static_cast<std::size_t>(
        together::read_full_at(file.get(), bytes.data(), bytes.size(), 0)));
    ::unlink(path.c_str());
    return bytes;
}

struct Files {
    std::string keys;
    std::string accounts;
};

Files valid_files() {
    std::string folder = "/tmp/served_keys_fuzz.XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    const together::AccountsPaths paths(folder);
    KeysOf all;
    for (std::size_t i = 0; i < people; ++i)
        all.push_back({login(i), std::vector<std::string>(i % 3, key(i))});
    if (!write_keys_file(paths, all)) std::abort();
    Files files{content_of(paths.keys), content_of(paths.accounts)};
    ::rmdir(folder.c_str());
    return files;
}

together::FileDescriptor in_memory(const std::string& bytes) {
    together::FileDescriptor file(::memfd_create("served", MFD_CLOEXEC));
    if (!together::write_full(file.get(), bytes.data(), bytes.size())) std::abort();
    return file;
}

// Ends the program where somebody got another's keys, or a part. True where nothing was noticed.
bool judge(const Files& files) {
    const together::ServedKeys served(in_memory(files.keys), in_memory(files.accounts));
    bool intact = true;
    for (std::size_t i = 0; i < people; ++i) {
        const auto keys = served.of(login(i));
        std::string own;
        for (std::size_t k = 0; k < i % 3; ++k) own += key(i);
        if (keys && !keys->empty() && *keys != own) std::abort();
        intact = intact && keys && *keys == own;
    }
    return intact;
}

}  // namespace

#ifdef TOGETHER_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const Files whole = valid_files();
    judge({{reinterpret_cast<const char*>(data), size}, whole.accounts});
    judge({whole.keys, {reinterpret_cast<const char*>(data), size}});
    return 0;
}

#else

int main(int argc, char** argv) {
    const int mutants = argc > 1 ? std::atoi(argv[1]) : 10'000;
    std::mt19937 random(argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1U);
    const auto whole = valid_files();
    if (!judge(whole)) {
        std::puts("a valid file is refused");
        return 1;
    }
    int noticed = 0;
    for (int i = 0; i < mutants; ++i) {
        auto files = whole;
        auto& bytes = i % 2 == 0 ? files.keys : files.accounts;
        for (auto flips = 1 + random() % 8; flips > 0; --flips) {
            auto& byte = bytes[random() % bytes.size()];
            byte = static_cast<char>(byte ^ (1 << random() % 8));
        }
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        noticed += judge(files) ? 0 : 1;
    }
    std::printf("%d mutants, %d noticed\n", mutants, noticed);
    return noticed > mutants / 2 ? 0 : 1;
}

#endif
