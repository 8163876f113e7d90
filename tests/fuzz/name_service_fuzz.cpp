// SPDX-License-Identifier: Apache-2.0
// A damaged accounts.v1, read by the name service's module: each answer is the right one or says
// that the file is damaged; never somebody else's, never a crash. Where more than a bit is changed,
// somebody may also be taken for absent. Deterministic; built with libFuzzer, the same check runs
// on what it invents.
//
//   name_service_fuzz [MUTANTS [SEED]]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/name_service.h"

const char* accounts_file_of_tests = nullptr;

namespace {

using namespace together;

const std::string damaged = "unavailable 5";

void must(bool holds) {
    if (!holds) std::abort();  // as fuzzers expect
}

Accounts some_accounts() {
    Accounts accounts;
    accounts.groups = {{"p-lab", 20000, {}}, {"p-lab-admin", 20001, {"user0"}}};
    for (unsigned i = 0; i < 40; ++i) {
        const auto login = "user" + std::to_string(i);
        accounts.accounts.push_back(
            {login, "user_" + login, 10000 + i, {20000, 20001}, i % 8 == 7});
        // Long names, so that the group is larger than what is read at once.
        accounts.groups[0].members.push_back(login + "-" + std::string(26, 'x'));
    }
    accounts.removed = {{"carol", "user_carol", 10100, {}, true}};
    return accounts;
}

class Reader {
  public:
    Reader() {
        names_.write(some_accounts());
        intact_ = read_file(names_.path());
        file_ = FileDescriptor(::open(names_.path().c_str(), O_WRONLY | O_CLOEXEC));
        for (const std::string name : {"user0", "user7", "user39", "carol", "mallory", "p-lab"}) {
            add([=, this](std::size_t size) { return names_.user(name, size); });
            add([=, this](std::size_t size) { return names_.group(name, size); });
            add([=, this](std::size_t) { return names_.groups_of(name, 5); });
        }
        for (const uid_t id : {10000U, 10007U, 10100U, 10500U, 20000U}) {
            add([=, this](std::size_t size) { return names_.user(id, size); });
            add([=, this](std::size_t size) { return names_.group(id, size); });
        }
    }

    const std::string& intact() const { return intact_; }
    std::size_t right = 0;
    std::size_t absent = 0;
    std::size_t refused = 0;

    void judge(std::string_view content) {
        if (content.size() != size_)
            must(::ftruncate(file_.get(), static_cast<off_t>(size_ = content.size())) == 0);
        must(write_full_at(file_.get(), content.data(), content.size(), 0));
        for (const auto& [ask, expected] : questions_) {
            const auto answer = answer_to(ask, content.size());
            must(answer == expected || answer == damaged || answer == "absent");
            ++(answer == expected ? right : answer == damaged ? refused : absent);
        }
    }

  private:
    using Question = std::function<std::string(std::size_t)>;

    void add(const Question& ask) { questions_.emplace_back(ask, answer_to(ask, intact_.size())); }
    // With larger buffers until it fits, as glibc does. What no file of that size can fill is
    // wrong.
    static std::string answer_to(const Question& ask, std::size_t file) {
        for (std::size_t size = 64;; size *= 2) {
            must(size < 64 * (file + 64));
            if (auto answer = ask(size); answer != "try again 34") return answer;
        }
    }

    NameService names_;
    std::string intact_;
    FileDescriptor file_;
    std::size_t size_ = 0;
    std::vector<std::pair<Question, std::string>> questions_;
};

}  // namespace

#ifdef TOGETHER_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static Reader reader;
    reader.judge({reinterpret_cast<const char*>(data), size});
    return 0;
}

#else

namespace {

class Mutator {
  public:
    Mutator(const std::string& intact, unsigned seed) : intact_(intact), random_(seed) {}

    std::string mutant() {
        std::string content = intact_;
        for (auto changes = 1 + below(6); changes > 0 && content.size() > 8; --changes)
            change(content);
        return content;
    }

    std::string with_one_bit_changed() {
        std::string content = intact_;
        flip(content);
        return content;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void flip(std::string& content) {
        const auto at = below(content.size());
        content[at] = static_cast<char>(content[at] ^ (1 << below(8)));
    }

    // Positions, lengths and numbers of slots are of this kind.
    void put_number(std::string& content) {
        const auto size = content.size();
        const std::size_t numbers[] = {
            0, 1, 8, size, size - 8, UINT32_MAX, UINT32_MAX - 7, below(size), below(UINT32_MAX)};
        const auto number = static_cast<std::uint32_t>(numbers[below(std::size(numbers))]);
        std::memcpy(content.data() + below(content.size() / 4) * 4, &number, sizeof number);
    }

    void change(std::string& content) {
        const auto at = below(content.size() - 8);
        const auto size = std::min(1 + below(200), content.size() - at);
        switch (below(8)) {
            case 0:
            case 1:
                flip(content);
                break;
            case 2:
            case 3:
                put_number(content);
                break;
            case 4:
                content.replace(at, size, intact_, below(intact_.size() - size), size);
                break;
            case 5:
                // A pair (hash, position) in another's place.
                content.replace(at & ~std::size_t{7}, 8, intact_, below(intact_.size() / 8) * 8, 8);
                break;
            case 6:
                content.replace(at, size, size, '\0');
                break;
            default:
                if (below(4) == 0) content.resize(at);
        }
    }

    const std::string intact_;
    std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
    const int mutants = argc > 1 ? std::atoi(argv[1]) : 10'000;
    Reader reader;
    reader.judge(reader.intact());
    if (reader.refused > 0) {
        std::puts("the intact file is refused");
        return 1;
    }
    Mutator mutator(reader.intact(), argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1U);
    for (int i = 0; i < mutants / 2; ++i) reader.judge(mutator.with_one_bit_changed());
    if (reader.absent > 0) {
        std::puts("one bit took somebody for absent");
        return 1;
    }
    for (int i = 0; i < mutants / 2; ++i) reader.judge(mutator.mutant());
    std::printf("%d mutants: %zu answers right, %zu of damage, %zu absent\n", mutants, reader.right,
                reader.refused, reader.absent);
    // Where nothing is noticed, or everything, little was tried.
    return reader.refused > reader.right / 50 && reader.right > reader.refused &&
                   reader.absent < reader.right / 100
               ? 0
               : 1;
}

#endif
