// SPDX-License-Identifier: Apache-2.0
// Where the gate stands in slurm.conf and plugstack.conf. Pure functions: texts in, texts out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

// The value of a setting of slurm.conf (keys in any case, comments cut, quotes taken off); of
// several the last, as Slurm has it.
std::optional<std::string> slurm_setting(std::string_view text, std::string_view key);

// As Slurm looks for one in "A,B=1,C": anywhere, whatever its case.
bool has_parameter(std::string_view parameters, std::string_view name);

// The files that slurm.conf includes, as they are written there.
std::vector<std::string> slurm_includes(std::string_view text);

// "together" as the first of JobSubmitPlugins: nothing of another plug-in happens to the job of one
// who is refused. A list that exists gets it behind a comment of ours, otherwise our block has the
// setting. The same text where it is in the list, whoever wrote it.
together::Result<std::string> with_job_submit(std::string_view text);
// Byte for byte as it was, where the list has not been changed since; else without our entry.
together::Result<std::string> without_job_submit(std::string_view text);
// In the list, and not by us.
bool job_submit_by_hand(std::string_view text);

// A line of spank_together outside our block.
struct SpankByHand {
    std::size_t number;       // from 1
    std::string path;         // of the plug-in, as it is written
    std::string config_path;  // empty where it names none
    std::string wrong;        // why it is not the gate; empty where it is
};
std::vector<SpankByHand> spank_by_hand(std::string_view text);

// Those of the line in our block; none where there is no block, or no such line in it.
std::vector<std::string> spank_arguments_in_block(std::string_view text);

// The line of spank_together, before all others. Not where one by hand does the same already, and
// there is no block of ours.
together::Result<std::string> with_spank(std::string_view text,
                                         const std::vector<std::string>& arguments);
together::Result<std::string> without_spank(std::string_view text);

// A line of plugstack.conf as Slurm reads it. What it does not understand it ignores.
struct PlugstackLine {
    enum class Kind { required, optional, include, ignored } kind = Kind::ignored;
    std::size_t number = 0;  // from 1
    std::string path;        // of the plug-in, or what is included
    std::vector<std::string> arguments;
};
std::vector<PlugstackLine> plugstack_lines(std::string_view text);

// A line that loads a spank_together.so, by whatever path; an optional one, too. And what is wrong
// with it.
bool names_the_gate(const PlugstackLine& line);
SpankByHand judge_spank_line(const PlugstackLine& line);

// "together" is in a list of job_submit plug-ins.
bool lists_the_gate(std::string_view list);

std::string spank_line(const std::vector<std::string>& arguments);
inline constexpr std::string_view job_submit_line = "JobSubmitPlugins=together";

}  // namespace together::ctl
