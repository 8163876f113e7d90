// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/slurm/slurm_files.h"

#include <strings.h>

#include <algorithm>

#include "togetherctl/editing/marked_block.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr std::string_view entry = "together";
constexpr std::string_view spank_plugin = "spank_together.so";
constexpr std::string_view list_key = "JobSubmitPlugins";
// Above a list of another's that we added to.
constexpr std::string_view list_sign = "# together-access: togetherctl enable";
constexpr std::string_view list_comment =
    "# together-access: togetherctl enable put \"together\" into the next line's list\n";

struct SlurmSetting {
    std::size_t line;   // where its line begins
    std::size_t value;  // where its value does, behind a quote
    std::string text;   // the value
};

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Calls with each line, its newline aside, and where it begins.
template <class Each>
void for_each_line(std::string_view text, const Each& each) {
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        each(text.substr(at, end - at), at);
        at = end + 1;
    }
}

struct SlurmPair {
    std::string_view key;
    SlurmSetting setting;
};

// KEY=VALUE with blanks around both, as many as a line has; a "#" begins a comment. What follows
// something else is not read: Slurm does not take such a line.
std::vector<SlurmPair> pairs_in(std::string_view line, std::size_t at) {
    std::vector<SlurmPair> pairs;
    const auto code = line.substr(0, line.find('#'));
    for (std::size_t begin = 0; begin < code.size();) {
        const auto equals = code.find('=', begin);
        if (equals == code.npos) break;
        const auto key = trimmed(code.substr(begin, equals - begin));
        if (key.find_first_of(" \t\r") != key.npos) break;
        auto value = code.find_first_not_of(" \t\r", equals + 1);
        if (value == code.npos) value = equals + 1;
        const bool quoted = value < code.size() && code[value] == '"';
        if (quoted) ++value;
        const auto end = std::min(code.find_first_of(quoted ? "\"" : " \t\r", value), code.size());
        pairs.push_back({key, {at, at + value, std::string(code.substr(value, end - value))}});
        begin = end + (quoted ? 1 : 0);
    }
    return pairs;
}

std::vector<SlurmSetting> settings_named(std::string_view text, std::string_view key) {
    std::vector<SlurmSetting> found;
    for_each_line(text, [&](std::string_view line, std::size_t at) {
        for (auto& pair : pairs_in(line, at))
            if (same(pair.key, key)) found.push_back(std::move(pair.setting));
    });
    return found;
}

bool is_our_entry(std::string_view word) {
    return word == entry || word == "job_submit/together";
}

bool lists_us(std::string_view list) {
    while (true) {
        const auto comma = list.find(',');
        if (is_our_entry(trimmed(list.substr(0, comma)))) return true;
        if (comma == list.npos) return false;
        list.remove_prefix(comma + 1);
    }
}

// Our own setting, to which nobody added.
bool is_our_list(std::string_view line) {
    const auto pairs = pairs_in(line, 0);
    return pairs.size() == 1 && same(pairs.front().key, list_key) &&
           is_our_entry(pairs.front().setting.text);
}

std::optional<std::size_t> offset_of_sign(std::string_view text) {
    std::optional<std::size_t> found;
    for_each_line(text, [&](std::string_view line, std::size_t at) {
        if (!found && line.starts_with(list_sign)) found = at;
    });
    return found;
}

Result<std::vector<SlurmSetting>> the_list(std::string_view text) {
    if (text.ends_with('\\') || text.ends_with("\\\n"))
        return failure("its last line ends with a backslash; fix it by hand");
    auto found = settings_named(text, list_key);
    if (found.size() > 1)
        return failure("JobSubmitPlugins is set twice, on lines " +
                       std::to_string(line_number(text, found[0].line)) + " and " +
                       std::to_string(line_number(text, found[1].line)) +
                       "; Slurm takes the last: leave one of them");
    return found;
}

// Our entry and the comma that belongs to it, where they stand in the value.
void erase_entry(std::string& text, const SlurmSetting& setting) {
    std::size_t at = setting.value;
    std::string_view list = setting.text;
    while (true) {
        const auto length = std::min(list.find(','), list.size());
        const bool last = length == list.size();
        if (is_our_entry(trimmed(list.substr(0, length)))) {
            if (!last)
                text.erase(at, length + 1);
            else if (at > setting.value)
                text.erase(at - 1, length + 1);
            else
                text.erase(at, length);
            return;
        }
        if (last) return;
        at += length + 1;
        list.remove_prefix(length + 1);
    }
}

std::string_view first_word(std::string_view line) {
    line = trimmed(line.substr(0, line.find('#')));
    return line.substr(0, line.find_first_of(" \t"));
}

// "optional" counts as ours, too: it is a line that somebody takes for the gate.
bool is_spank_line(const PlugstackLine& line) {
    using Kind = PlugstackLine::Kind;
    return (line.kind == Kind::required || line.kind == Kind::optional) &&
           line.path.substr(line.path.rfind('/') + 1) == spank_plugin;
}

SpankByHand judged(const PlugstackLine& line) {
    constexpr std::string_view config = "config=";
    SpankByHand by_hand{line.number, line.path, {}, {}};
    if (line.kind != PlugstackLine::Kind::required)
        by_hand.wrong = "\"optional\" never refuses a job; write \"required\"";
    else if (line.path != spank_plugin && !line.path.starts_with('/'))
        by_hand.wrong = "\"" + line.path + "\" is neither the bare name nor an absolute path";
    // As the plug-in itself takes them.
    for (const auto& argument : line.arguments) {
        if (by_hand.config_path.empty() && argument.starts_with("config=/"))
            by_hand.config_path = argument.substr(config.size());
        else if (by_hand.wrong.empty())
            by_hand.wrong = "wrong argument: " + argument;
    }
    return by_hand;
}

bool is_our_spank_line(std::string_view line) {
    const auto lines = plugstack_lines(line);
    return lines.size() == 1 && is_spank_line(lines.front());
}

std::size_t lines_in(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::optional<std::string> slurm_setting(std::string_view text, std::string_view key) {
    auto found = settings_named(text, key);
    if (found.empty()) return std::nullopt;
    return std::move(found.back().text);
}

bool has_parameter(std::string_view parameters, std::string_view name) {
    for (std::size_t at = 0; at + name.size() <= parameters.size(); ++at)
        if (same(parameters.substr(at, name.size()), name)) return true;
    return false;
}

std::vector<std::string> slurm_includes(std::string_view text) {
    std::vector<std::string> files;
    for_each_line(text, [&](std::string_view line, std::size_t) {
        const auto code = trimmed(line.substr(0, line.find('#')));
        const auto word = first_word(code);
        if (same(word, "include")) files.emplace_back(trimmed(code.substr(word.size())));
    });
    return files;
}

Result<std::string> with_job_submit(std::string_view text) {
    const auto list = the_list(text);
    if (!list) return tl::make_unexpected(list.error());
    if (list->empty()) return with_block(text, text.size(), {std::string(job_submit_line)});
    const SlurmSetting& setting = list->front();
    std::string result(text);
    if (lists_us(setting.text)) return result;
    result.insert(setting.value, std::string(entry) + (setting.text.empty() ? "" : ","));
    return result.insert(setting.line, list_comment);
}

Result<std::string> without_job_submit(std::string_view text) {
    if (auto ours = only_ours_in_block(text, is_our_list); !ours)
        return tl::make_unexpected(ours.error());
    auto result = without_block(text);
    if (!result) return result;
    const auto sign = offset_of_sign(*result);
    if (!sign) return result;
    const auto list = the_list(*result);
    if (!list) return tl::make_unexpected(list.error());
    if (!list->empty()) erase_entry(*result, list->front());
    // An edit behind the comment does not move it; one before it cannot be: keys stand once.
    const auto at = *offset_of_sign(*result);
    result->erase(at, std::min(result->find('\n', at), result->size() - 1) + 1 - at);
    return result;
}

bool job_submit_by_hand(std::string_view text) {
    const auto bare = without_block(text);
    if (!bare || offset_of_sign(*bare)) return false;
    const auto value = slurm_setting(*bare, list_key);
    return value && lists_us(*value);
}

std::vector<PlugstackLine> plugstack_lines(std::string_view text) {
    using Kind = PlugstackLine::Kind;
    std::vector<PlugstackLine> lines;
    std::size_t number = 0;
    for_each_line(text, [&](std::string_view line, std::size_t) {
        ++number;
        const auto code = trimmed(line.substr(0, line.find('#')));
        if (code.empty()) return;
        const auto keyword = first_word(code);
        auto rest = code.substr(keyword.size());
        const auto next = [&] {
            const auto word = first_word(rest);
            rest = trimmed(rest).substr(word.size());
            return word;
        };
        const auto path = next();
        std::vector<std::string> arguments;
        for (auto word = next(); !word.empty(); word = next()) arguments.emplace_back(word);
        const Kind kind = path.empty()            ? Kind::ignored
                          : keyword == "required" ? Kind::required
                          : keyword == "optional" ? Kind::optional
                          : keyword == "include"  ? Kind::include
                                                  : Kind::ignored;
        lines.push_back({kind, number, std::string(path), std::move(arguments)});
    });
    return lines;
}

bool names_the_gate(const PlugstackLine& line) {
    return is_spank_line(line);
}

SpankByHand judge_spank_line(const PlugstackLine& line) {
    return judged(line);
}

bool lists_the_gate(std::string_view list) {
    return lists_us(list);
}

std::string spank_line(const std::vector<std::string>& arguments) {
    std::string line = "required spank_together.so";
    for (const auto& argument : arguments) line += " " + argument;
    return line;
}

std::vector<std::string> spank_arguments_in_block(std::string_view text) {
    for (const auto& in_block : lines_in_block(text).value_or(std::vector<std::string>{}))
        for (auto& line : plugstack_lines(in_block))
            if (is_spank_line(line)) return std::move(line.arguments);
    return {};
}

Result<std::string> with_spank(std::string_view text, const std::vector<std::string>& arguments) {
    auto bare = without_spank(text);
    if (!bare) return bare;
    // In the stead of a block that stands, nothing by hand is good enough.
    const auto by_hand = spank_by_hand(text);
    const bool holds = std::any_of(by_hand.begin(), by_hand.end(),
                                   [](const SpankByHand& line) { return line.wrong.empty(); });
    if (holds && *bare == text) return bare;
    std::optional<std::size_t> first;
    for_each_line(*bare, [&](std::string_view line, std::size_t at) {
        if (!first && !first_word(line).empty()) first = at;
    });
    return with_block(*bare, first.value_or(bare->size()), {spank_line(arguments)});
}

Result<std::string> without_spank(std::string_view text) {
    if (auto ours = only_ours_in_block(text, is_our_spank_line); !ours)
        return tl::make_unexpected(ours.error());
    return without_block(text);
}

std::vector<SpankByHand> spank_by_hand(std::string_view text) {
    std::vector<SpankByHand> found;
    const auto bare = without_block(text);
    if (!bare) return found;
    // The numbers are the file's as it is, with our block.
    const auto block = line_number(text, offset_of_block(text));
    const auto in_block = lines_in(text) - lines_in(*bare);
    for (auto& line : plugstack_lines(*bare)) {
        if (line.number >= block) line.number += in_block;
        if (is_spank_line(line)) found.push_back(judged(line));
    }
    return found;
}

}  // namespace together::ctl
