// SPDX-License-Identifier: Apache-2.0
// Pages that somebody tampered with: never a crash, never an entry that no roster may have, and
// whatever is accepted survives the way to the parent. Deterministic; under the sanitizers it runs
// in seconds. Built with libFuzzer, the same check runs on what it invents.
//
//   roster_page_fuzz [MUTANTS [SEED]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "common/accounts/ssh_key.h"
#include "common/roles/identifiers.h"
#include "together_refresh/source/roster_document.h"

namespace {

using namespace together;

// Aborts, as fuzzers expect, where the page is misjudged. True where it was accepted.
bool judge(std::string_view json) {
    const auto page = parse_roster_page(json, "proj_123", Include::accounts);
    if (!page) {
        if (page.error().message.empty() || page.error().message.size() > 1000) std::abort();
        return false;
    }
    if (!is_utf8(json)) std::abort();
    if (page->accounts.group && !is_valid_group(*page->accounts.group)) std::abort();
    for (const auto& key : page->accounts.keys)
        if (!is_login(key.login) || canonical_ssh_key(key.text) != key.text) std::abort();
    for (const auto& entry : page->entries) {
        if (!is_valid_entry(entry)) std::abort();
        const auto record = encode_record("l" + entry.login, entry);
        const auto again = decode_record("l" + entry.login, record);
        if (!again || !(*again == entry)) std::abort();
    }
    return true;
}

}  // namespace

#ifdef TOGETHER_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    judge({reinterpret_cast<const char*>(data), size});
    return 0;
}

#else

namespace {

const std::string valid_page = R"({"object": "list", "project_id": "proj_123", "revision": 7,
 "group": {"name": "p-lab", "gid": 10001, "admin_gid": null},
 "next_cursor": null, "extra": {"a": [1, -2.5e3, "\u00e9\ud83d\ude00", true]}, "data": [
  {"object": "project.collaborator", "user_id": "user_1", "login": "alice", "uid": 10001,
   "role": "admin", "external": false,
   "ssh_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", "ssh-rsa AAAAB3NzaC1yc2EA alice@laptop"]},
  {"object": "project.collaborator", "user_id": "user_2", "login": null, "uid": null,
   "role": "member", "external": true},
  {"object": "project.collaborator", "user_id": "us)"
                               "\xc3\xa9"
                               R"(r", "login": "b.ob-_", "uid": 4294967294,
   "role": "developer", "external": true}]})";

// What an attacker or a broken authority would put somewhere.
constexpr std::string_view pieces[] = {"\"",
                                       "\\",
                                       "\\u0000",
                                       "\\ud800",
                                       "\\udc00\\ud800",
                                       "{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       ":",
                                       "null",
                                       "true",
                                       "-1",
                                       "1e999",
                                       "1.0",
                                       "0",
                                       "4294967295",
                                       "18446744073709551616",
                                       "\"login\": \"root\",",
                                       "/*",
                                       "//",
                                       "\xff",
                                       "\xed\xa0\x80",
                                       "\xef\xbb\xbf",
                                       "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                                       "\"uid\": 0,",
                                       "\"data\": [],",
                                       "\n",
                                       "\x1b",
                                       "'",
                                       "NaN",
                                       "\\x41"};

class Mutator {
  public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    std::string mutant() {
        std::string page = valid_page;
        // Mostly few changes: most pages with many are refused by the syntax.
        for (auto changes = 1 + below(1 + below(4)); changes > 0 && !page.empty(); --changes)
            change(page);
        return page;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void change(std::string& page) {
        const auto at = below(page.size());
        const auto length = std::min(below(12), page.size() - at);
        switch (below(7)) {
            case 0:
                page[at] = static_cast<char>(page[at] ^ (1 << below(8)));
                break;
            case 1:
                page[at] = static_cast<char>(random_());
                break;
            case 2:
                page.erase(at, length);
                break;
            case 3:
                page.insert(at, pieces[below(std::size(pieces))]);
                break;
            case 4:
                page.replace(at, length, pieces[below(std::size(pieces))]);
                break;
            case 5:
                page.insert(at, page.substr(below(page.size()), below(200)));
                break;
            default:
                page.resize(at);
        }
    }

    std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
    const int mutants = argc > 1 ? std::atoi(argv[1]) : 10'000;
    Mutator mutator(argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1U);
    if (!judge(valid_page)) {
        std::puts("the valid page is refused");
        return 1;
    }
    int accepted = 0;
    for (int i = 0; i < mutants; ++i) accepted += judge(mutator.mutant()) ? 1 : 0;
    std::printf("%d mutants, %d accepted\n", mutants, accepted);
    // Where nearly all are refused at once, nothing behind the syntax was tried.
    return accepted > mutants / 50 ? 0 : 1;
}

#endif
