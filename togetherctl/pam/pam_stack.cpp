// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/pam/pam_stack.h"

#include <strings.h>

#include <algorithm>

#include "common/system/parse_number.h"
#include "common/system/uids.h"
#include "togetherctl/editing/marked_block.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr std::string_view blanks = " \t";
constexpr std::string_view roots_way =
    "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0";
constexpr std::string_view root_callers_way =
    "account [success=1 default=ignore] pam_succeed_if.so quiet ruser = root";
constexpr std::string_view system_accounts_way =
    "account [success=1 default=ignore] pam_succeed_if.so quiet uid < ";
// libpam has room for that much of a line: it takes the rest of a longer one, a comment's too, for
// a line of its own.
constexpr std::size_t max_line = 1022;
constexpr std::string_view gate_control = "account [success=ok ignore=ignore default=die] ";
constexpr BlockComments home_block = {
    "# together-access homes: begin (togetherctl enable wrote this, togetherctl disable takes it "
    "out)",
    "# together-access homes: end"};

// One line as libpam assembles it.
struct PamLine {
    std::size_t begin;
    std::size_t end;
    std::vector<std::string> words;  // brackets hold blanks together
};

bool same_word(const std::string& a, const char* b) {
    return ::strcasecmp(a.c_str(), b) == 0;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
        if (text.empty()) return words;
        std::size_t length = 0;
        if (text.front() == '[')
            while (length < text.size() && text[length] != ']')
                length += text[length] == '\\' ? 2 : 1;
        length = std::min(text.find_first_of(blanks, length), text.size());
        words.emplace_back(text.substr(0, length));
        text.remove_prefix(length);
    }
}

std::string too_long(std::size_t number) {
    return "line " + std::to_string(number) + " is longer than " + std::to_string(max_line) +
           " bytes, with what it goes on with: libpam reads such a line in pieces; shorten it";
}

Result<std::vector<PamLine>> lines_of(std::string_view text) {
    if (text.find('\0') != text.npos) return failure("it has a byte of zero: no text file");
    std::vector<PamLine> lines;
    std::string pending;
    bool continued = false;
    std::size_t begin = 0;
    for (std::size_t at = 0, next = 0; at < text.size(); at = next) {
        next = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (!continued) begin = at;
        if (next - begin > max_line + (text[next - 1] == '\n' ? 1 : 0))
            return failure(too_long(line_number(text, begin)));
        auto line = text.substr(at, next - at);
        const auto hash = line.find('#');
        line = line.substr(0, hash);
        const auto last = line.find_last_not_of(" \t\r\n\v\f");
        if (last == line.npos || line.find_first_not_of(" \t\n") == line.npos) {
            // Linux-PAM 1.5 goes on behind it, 1.7 does not (seen by experiment).
            if (continued)
                return failure(
                    "a comment or an empty line stands inside of a line that "
                    "goes on after a backslash: versions of Linux-PAM "
                    "differ in what they read; write it as one line");
            continue;
        }
        continued = hash == text.npos && line[last] == '\\';
        pending.append(line.substr(0, continued ? last : last + 1)).append(" ");
        if (continued) continue;
        lines.push_back({begin, next, words_of(pending)});
        pending.clear();
    }
    if (continued) return failure("its last line ends with a backslash; fix it by hand");
    return lines;
}

bool is_include(const PamLine& line) {
    return line.words.size() >= 2 &&
           (same_word(line.words[0], "@include") || same_word(line.words[0], "-@include"));
}

bool is_account(const PamLine& line) {
    return same_word(line.words[0], "account") || same_word(line.words[0], "-account");
}

bool may_hold_account(const PamLine& line, const HoldsAccountLines& holds_account_lines) {
    return is_account(line) || (is_include(line) && holds_account_lines(line.words[1]));
}

// "[success=2 …]": skips that many lines, whichever they are by then.
std::size_t furthest_jump(const PamLine& line) {
    if (!is_account(line) || line.words.size() < 2 || !line.words[1].starts_with('[')) return 0;
    const auto& control = line.words[1];
    std::size_t longest = 0;
    for (auto at = control.find('='); at != control.npos; at = control.find('=', at + 1)) {
        const auto value = control.find_first_not_of(blanks, at + 1);
        if (value == control.npos || control[value] < '1' || control[value] > '9') continue;
        const auto lines = together::parse_number<std::size_t>(
            together::leading_digits(std::string_view(control).substr(value)));
        longest = std::max(longest, lines.value_or(control.size()));  // where it is too large
    }
    return longest;
}

bool jumps(const PamLine& line) {
    return furthest_jump(line) > 0;
}

bool is_our_module(const std::string& word) {
    return word.substr(word.rfind('/') + 1) == "pam_together.so";
}

std::optional<GateCall> call_of(const PamLine& line) {
    if (!is_account(line) || line.words.size() < 3 || !is_our_module(line.words[2]))
        return std::nullopt;
    return GateCall{.module = line.words[2],
                    .arguments = {line.words.begin() + 3, line.words.end()}};
}

std::string way_past(const GateCall& call) {
    if (call.by_caller) return std::string(root_callers_way);
    if (call.spared_below <= 1) return std::string(roots_way);
    return std::string(system_accounts_way) + std::to_string(call.spared_below);
}

// Who passes unasked by such a line; nothing where it is none of ours. Whatever became of its
// control.
std::optional<GateCall> way_of(const PamLine& line) {
    if (line.words.size() < 2) return std::nullopt;
    GateCall call;
    call.spared_below = parse_uid(line.words.back()).value_or(call.spared_below);
    for (const bool by_caller : {false, true}) {
        call.by_caller = by_caller;
        auto words = words_of(way_past(call));
        words[1] = line.words[1];
        if (words == line.words) return call;
    }
    return std::nullopt;
}

// Whatever became of its control.
bool is_ours(std::string_view text) {
    const auto lines = lines_of(text);
    if (!lines || lines->size() != 1) return false;
    return call_of(lines->front()) || way_of(lines->front());
}

// A comment right above a line belongs to it, unless it is the file's head.
std::size_t before_its_comment(std::string_view text, std::size_t begin, std::size_t floor) {
    std::size_t at = begin;
    while (at > floor) {
        const auto above = at < 2 ? 0 : text.rfind('\n', at - 2) + 1;
        if (above < floor || text[above] != '#') return at;
        at = above;
    }
    return at == 0 ? begin : at;
}

}  // namespace

std::vector<std::string> gate_lines(const GateCall& call) {
    std::string line = std::string(gate_control) + call.module;
    for (const auto& argument : call.arguments) line += " " + argument;
    return {way_past(call), line};
}

Result<std::string> with_gate(std::string_view text, const GateCall& call,
                              const HoldsAccountLines& holds_account_lines) {
    auto bare = without_gate(text);
    if (!bare) return bare;
    // As it is, for the numbers in the complaint.
    if (const auto whole = lines_of(text); !whole) return tl::make_unexpected(whole.error());
    const auto lines = lines_of(*bare);
    if (!lines) return tl::make_unexpected(lines.error());
    if (gate_lines(call).back().size() > max_line)
        return failure("the gate's own line would be longer than " + std::to_string(max_line) +
                       " bytes: shorten the paths in it");
    std::size_t floor = 0;
    for (const auto& line : *lines) {
        if (may_hold_account(line, holds_account_lines))
            return with_block(*bare, before_its_comment(*bare, line.begin, floor),
                              gate_lines(call));
        floor = line.end;
    }
    // With lines of ours it would have some, and no longer take other's, where root's way in is.
    return failure(
        "it has no account lines: libpam takes those of /etc/pam.d/other in their stead; give it "
        "some first, as \"@include common-account\" or \"account include system-auth\"");
}

Result<std::string> without_gate(std::string_view text) {
    if (auto ours = only_ours_in_block(text, is_ours); !ours)
        return tl::make_unexpected(ours.error());
    return without_block(text);
}

Result<std::optional<GateCall>> call_in_block(std::string_view text) {
    const auto inside = lines_in_block(text);
    if (!inside) return tl::make_unexpected(inside.error());
    for (const auto& line : *inside) {
        const auto parsed = lines_of(line);
        if (!parsed || parsed->empty()) continue;
        if (auto call = call_of(parsed->front())) return call;
    }
    return std::nullopt;
}

std::optional<LineByHand> line_by_hand(std::string_view text,
                                       const HoldsAccountLines& holds_account_lines) {
    const auto bare = without_gate(text);
    const auto lines = bare ? lines_of(*bare) : failure("");
    if (!lines) return std::nullopt;
    std::vector<const PamLine*> account;
    for (const auto& line : *lines)
        if (may_hold_account(line, holds_account_lines)) account.push_back(&line);
    for (std::size_t i = 0; i < account.size(); ++i) {
        auto call = call_of(*account[i]);
        if (!call) continue;
        if (const auto way = way_of(*account[0])) {
            call->by_caller = way->by_caller;
            call->spared_below = way->spared_below;
        }
        const auto wanted = gate_lines(*call);
        const bool right = i == 1 && account[0]->words == words_of(wanted[0]) &&
                           account[1]->words == words_of(wanted[1]);
        // The number in the file as it is, with our block.
        auto offset = account[i]->begin;
        const auto block = offset_of_block(text);
        if (block <= offset) offset += text.size() - bare->size();
        return LineByHand{line_number(text, offset), right, *std::move(call)};
    }
    return std::nullopt;
}

std::optional<std::size_t> jump_before_gate(std::string_view text,
                                            const HoldsAccountLines& may_jump) {
    const auto lines = lines_of(text);
    const auto block = offset_of_block(text);
    if (!lines || block == text.size()) return std::nullopt;
    for (const auto& line : *lines)
        if (line.begin < block && (jumps(line) || (is_include(line) && may_jump(line.words[1]))))
            return line_number(text, line.begin);
    return std::nullopt;
}

bool has_jumps(std::string_view text) {
    const auto lines = lines_of(text);
    return !lines || std::any_of(lines->begin(), lines->end(), jumps);
}

std::optional<std::string> first_account_include(std::string_view text,
                                                 const HoldsAccountLines& holds_account_lines) {
    const auto lines = lines_of(text);
    if (!lines) return std::nullopt;
    const auto first = std::find_if(lines->begin(), lines->end(), [&](const PamLine& line) {
        return may_hold_account(line, holds_account_lines);
    });
    if (first == lines->end()) return std::nullopt;
    const auto& words = first->words;
    if (is_include(*first)) return words[1];
    if (words.size() >= 3 && same_word(words[1], "include")) return words[2];
    return std::nullopt;
}

std::vector<std::string> included_files(std::string_view text) {
    std::vector<std::string> names;
    const auto lines = lines_of(text);
    if (!lines) return names;
    for (const auto& line : *lines)
        if (is_include(line)) names.push_back(line.words[1]);
    return names;
}

bool has_account_lines(std::string_view text) {
    const auto lines = lines_of(text);
    // What we cannot read may hold anything.
    return !lines || std::any_of(lines->begin(), lines->end(), is_account);
}

std::vector<AccountLine> account_lines(std::string_view text) {
    std::vector<AccountLine> found;
    const auto lines = lines_of(text);
    if (!lines) return found;
    for (const auto& line : *lines) {
        if (!is_account(line) && !is_include(line)) continue;
        const auto& words = line.words;
        AccountLine one;
        one.number = line_number(text, line.begin);
        if (is_include(line)) {
            one.file = words[1];
        } else if (words.size() >= 3) {
            one.substack = same_word(words[1], "substack");
            if (one.substack || same_word(words[1], "include")) one.file = words[2];
        }
        one.asks_gate = call_of(line).has_value();
        one.is_way = way_of(line).has_value();
        one.jump = furthest_jump(line);
        found.push_back(std::move(one));
    }
    return found;
}

Result<std::string> without_homes(std::string_view text) {
    const auto is_home_line = [](std::string_view line) { return line == home_line; };
    if (auto ours = only_ours_in_block(text, is_home_line, home_block); !ours)
        return tl::make_unexpected(ours.error());
    return without_block(text, home_block);
}

Result<std::string> with_homes(std::string_view text) {
    auto bare = without_homes(text);
    if (!bare) return bare;
    if (const auto lines = lines_of(*bare); !lines) return tl::make_unexpected(lines.error());
    return with_block(*bare, bare->size(), {std::string(home_line)}, home_block);
}

Result<std::string> without_ours(std::string_view text) {
    return without_gate(text).and_then([](const std::string& rest) { return without_homes(rest); });
}

std::vector<SessionLine> session_lines(std::string_view text) {
    std::vector<SessionLine> found;
    const auto bare = without_homes(text);
    const auto lines = bare ? lines_of(*bare) : failure("");
    if (!lines) return found;
    for (const auto& line : *lines) {
        const auto& words = line.words;
        const bool session = same_word(words[0], "session") || same_word(words[0], "-session");
        if (!is_include(line) && (!session || words.size() < 3)) continue;
        SessionLine one{line_number(*bare, line.begin), {}};
        if (is_include(line))
            one.file = words[1];
        else if (same_word(words[1], "include") || same_word(words[1], "substack"))
            one.file = words[2];
        else
            one.makes_homes = words[2].find("mkhomedir") != std::string::npos;
        found.push_back(std::move(one));
    }
    return found;
}

}  // namespace together::ctl
