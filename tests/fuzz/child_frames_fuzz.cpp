// SPDX-License-Identifier: Apache-2.0
// Frames of a child that somebody took over: never a crash, never a value that its type may not
// have or a text that is unfit for a terminal, and what is accepted stays what it is when it is
// encoded again. Deterministic; built with libFuzzer, the same check runs on what it invents.
//
//   child_frames_fuzz [MUTANTS [SEED]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/accounts/ssh_key.h"
#include "common/roles/identifiers.h"
#include "together_refresh/child/frames.h"
#include "together_refresh/source/roster_document.h"

namespace {

using namespace together;

void must(bool holds) {
    if (!holds) std::abort();  // as fuzzers expect
}

void must_be_text(const std::string& text) {
    must(text.size() <= max_frame_text && is_printable(text));
}

void inspect(const RosterEntry& entry) {
    must(is_valid_entry(entry));
}
void inspect(const SshKey& key) {
    must(is_login(key.login) && canonical_ssh_key(key.text) == key.text);
}
void inspect(const RosterGroup& group) {
    must(is_valid_group(group));
}
void inspect(const RestartFrame&) {}
void inspect(const EndFrame&) {}
void inspect(const NoteFrame& note) {
    must_be_text(note.text);
}
void inspect(const ConformanceResult& finding) {
    must(!text_of(finding.check).name.empty() && !name_of(finding.result).empty());
    must_be_text(finding.got);
}
void inspect(const AccessFinding& finding) {
    must(!name_of(finding.check).empty() && !name_of(finding.result).empty());
    must_be_text(finding.what);
}
void inspect(const FetchSummary& summary) {
    must(summary.outcome <= FetchOutcome::our_fault);
    must(summary.revision.value_or(0) >= 0 &&
         summary.retry_after.value_or(Nanoseconds(0)).count() >= 0);
    for (const auto& text : {summary.message, summary.request_id, summary.etag, summary.address})
        must_be_text(text);
}
void inspect(const ElsewhereFrame& account) {
    must(is_login(account.login));
}
void inspect(const GroupElsewhereFrame& group) {
    must(is_login(group.login));
}
void inspect(const AskedFrame& asked) {
    must(asked.login.empty() || is_login(asked.login));
}
void inspect(const UidFrame& uid) {
    must(is_login(uid.login));
}

// True where the whole stream was accepted.
bool judge(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto decoded = decode_frame(bytes);
        if (!decoded) return false;
        must(decoded->size <= bytes.size());
        std::visit([](const auto& frame) { inspect(frame); }, decoded->frame);
        const auto again =
            std::visit([](const auto& frame) { return encode_frame(frame); }, decoded->frame);
        const auto same = decode_frame(again);
        must(same.has_value() && same->frame.index() == decoded->frame.index());
        must(std::visit([](const auto& frame) { return encode_frame(frame); }, same->frame) ==
             again);
        bytes.remove_prefix(decoded->size);
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

std::vector<std::string> valid_frames() {
    RosterEntry entry;
    entry.login = "alice";
    entry.user_id = "user_1";
    entry.role = "admin";
    FetchSummary summary = failed_fetch(FetchOutcome::no_answer, "the authority answered 503");
    summary.request_id = "req_1";
    summary.etag = "\"r7\"";
    summary.address = "192.0.2.1";
    summary.revision = 7;
    summary.retry_after = Nanoseconds(5);
    return {encode_frame(entry),
            encode_frame(SshKey{"alice", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"}),
            encode_frame(RosterGroup{"p-lab", 10001, {}}),
            encode_frame(RestartFrame{}),
            encode_frame(NoteFrame{"> GET https://authority.example/v1"}),
            encode_frame(ConformanceResult{Check::etag, CheckResult::pass, "\"r7\""}),
            encode_frame(AccessFinding{AccessCheck::tls, AccessResult::ok, "TLS 1.2 or newer"}),
            encode_frame(summary),
            encode_frame(UidFrame{"alice", 10001}),
            encode_frame(EndFrame{})};
}

class Mutator {
  public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    // A frame or two, with a few changes.
    std::string mutant() {
        std::string bytes = any_frame();
        if (below(2) == 0) bytes += any_frame();
        for (auto changes = 1 + below(3); changes > 0 && !bytes.empty(); --changes) change(bytes);
        return bytes;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    const std::string& any_frame() { return frames_[below(frames_.size())]; }

    void change(std::string& bytes) {
        const auto at = below(bytes.size());
        switch (below(6)) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 1:
                bytes[at] = static_cast<char>(random_());
                break;
            case 2:
                bytes.erase(at, 1 + below(4));
                break;
            case 3:
                bytes.insert(at, 1 + below(700), static_cast<char>(random_()));
                break;
            case 4:
                // Its payload is another kind's.
                bytes.front() = any_frame().front();
                break;
            default:
                bytes.resize(at);
        }
    }

    std::mt19937 random_;
    const std::vector<std::string> frames_ = valid_frames();
};

}  // namespace

int main(int argc, char** argv) {
    const int mutants = argc > 1 ? std::atoi(argv[1]) : 10'000;
    Mutator mutator(argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1U);
    std::string all;
    for (const auto& frame : valid_frames()) all += frame;
    if (!judge(all)) {
        std::puts("valid frames are refused");
        return 1;
    }
    int accepted = 0;
    for (int i = 0; i < mutants; ++i) accepted += judge(mutator.mutant()) ? 1 : 0;
    std::printf("%d mutants, %d accepted\n", mutants, accepted);
    // Where nearly all are refused at once, nothing behind the heads was tried.
    return accepted > mutants / 50 ? 0 : 1;
}

#endif
