// SPDX-License-Identifier: Apache-2.0
// Where the gate stands in a service file of PAM. Pure functions: texts in, texts out.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

// What stands behind the controls of our line: the module and its arguments.
struct GateCall {
    std::string module = "pam_together.so";
    std::vector<std::string> arguments;
    // In front of sudo root's way in is for who calls it: its user can be the target (sudoers(5),
    // targetpw).
    bool by_caller = false;
    // In front of su and cron all accounts with a lower uid pass unasked: system accounts' jobs,
    // and "su - postgres". 0: root alone.
    uid_t spared_below = 0;

    bool same_way(const GateCall& other) const {
        return by_caller == other.by_caller && spared_below == other.spared_below;
    }

    bool operator==(const GateCall&) const = default;
};

// The two lines of docs/pam-notes.md, "Where in the stack a denial holds"; the first keeps root's
// way in where our module is missing.
std::vector<std::string> gate_lines(const GateCall& call);

// True where that file, named as in "@include NAME", may hold account lines.
using HoldsAccountLines = std::function<bool(const std::string& name)>;

// The file with the gate as its first account lines, before everything that may hold some. What
// stands in our block already is moved or replaced. The same text where all is as it should be.
// Fails where nothing holds account lines.
together::Result<std::string> with_gate(std::string_view text, const GateCall& call,
                                        const HoldsAccountLines& holds_account_lines);

// The file without our block, byte for byte as it was before. Lines written by hand stay.
together::Result<std::string> without_gate(std::string_view text);

// How our block calls the module; nothing where there is no block.
together::Result<std::optional<GateCall>> call_in_block(std::string_view text);

// An account line of pam_together outside our block.
struct LineByHand {
    std::size_t number;  // from 1
    bool stands_right;   // it and the line before it are the prescribed ones, and the first
    GateCall call;
};
std::optional<LineByHand> line_by_hand(std::string_view text,
                                       const HoldsAccountLines& holds_account_lines);

// The line before our block that jumps, over our lines perhaps: without them it skips another's.
// `may_jump`: whether that included file holds such lines.
std::optional<std::size_t> jump_before_gate(std::string_view text,
                                            const HoldsAccountLines& may_jump);
bool has_jumps(std::string_view text);

// The service whose account lines this one begins with, all of them or none: of "account include
// NAME" or "@include NAME" the name.
std::optional<std::string> first_account_include(std::string_view text,
                                                 const HoldsAccountLines& holds_account_lines);

// The service files whose lines this one takes over as account lines, or may.
std::vector<std::string> included_files(std::string_view text);
bool has_account_lines(std::string_view text);

// An account line, or one that stands for those of another file.
struct AccountLine {
    std::size_t number;     // from 1
    std::string file;       // that is included; else empty
    bool substack = false;  // that file counts as one line, and no jump leads into it
    bool asks_gate = false;
    bool is_way = false;   // past the gate, the line before it
    std::size_t jump = 0;  // how many lines it may skip
};
std::vector<AccountLine> account_lines(std::string_view text);

// ---- homes
// ---------------------------------------------------------------------------------------

// "optional": where root cannot write, on a file server say, nobody is refused for it.
inline constexpr std::string_view home_line = "session optional pam_mkhomedir.so umask=0077";

// The file with that line as its last one, and without it, byte for byte as before. Both fail where
// nobody can tell what libpam would read.
together::Result<std::string> with_homes(std::string_view text);
together::Result<std::string> without_homes(std::string_view text);
// Neither the gate nor homes.
together::Result<std::string> without_ours(std::string_view text);

// A session line outside that block, or one that stands for those of another file.
struct SessionLine {
    std::size_t number;  // from 1, in the file without the block
    std::string file;    // that is included; else empty
    bool makes_homes = false;
};
std::vector<SessionLine> session_lines(std::string_view text);

}  // namespace together::ctl
