// SPDX-License-Identifier: Apache-2.0
#include "role_server/cli/options.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>

#include "command_line/arguments.h"
#include "common/config/ini_file.h"
#include "common/system/errno_text.h"
#include "common/system/parse_number.h"

namespace together::roled {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

const OptionSpec* find(std::span<const OptionSpec> settings, std::string_view name) {
    const auto at = std::find_if(settings.begin(), settings.end(),
                                 [&](const OptionSpec& s) { return s.name == name; });
    return at == settings.end() ? nullptr : &*at;
}

Result<Values> from_command_line(const std::vector<std::string>& words,
                                 std::span<const OptionSpec> settings) {
    std::vector<KnownOption> known;
    for (const auto& setting : settings) known.push_back({setting.name, setting.value});
    const auto arguments = read_arguments(words, known);
    if (!arguments) return tl::unexpected(arguments.error());
    if (!arguments->others.empty())
        return failure("unknown argument '" + arguments->others.front() + "' (see --help)");
    Values values;
    for (const auto& given : arguments->options) {
        if (given.lacks_value()) return failure(given.spelled() + " needs a value");
        if (given.has_unwanted_value()) return failure(given.spelled() + " takes no value");
        if (!values.emplace(given.option.name, given.value.value_or("")).second)
            return failure(given.spelled() + " is given twice");
    }
    return values;
}

std::string variable_for(std::string_view name) {
    std::string variable = "TOGETHER_ROLED_";
    for (const char c : name)
        variable += c == '-' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    return variable;
}

Result<Values> from_file(const std::string& path, std::span<const OptionSpec> all) {
    std::ifstream file(path);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) return failure(errno_text(path, errno));
    Values values;
    const auto read =
        read_ini(text.str(), path, [&](const IniEntry& entry) -> std::optional<std::string> {
            std::string name(entry.key);
            std::replace(name.begin(), name.end(), '_', '-');
            const auto* setting = find(all, name);
            if (entry.section != "roled")
                return "unknown section [" + std::string(entry.section) + "]";
            if (setting == nullptr || !setting->in_file)
                return "unknown key '" + std::string(entry.key) + "'";
            if (!values.emplace(name, entry.value).second)
                return "'" + std::string(entry.key) + "' is set twice";
            return std::nullopt;
        });
    if (!read) return tl::unexpected(read.error());
    return values;
}

}  // namespace

Result<Options> Options::read(const std::vector<std::string>& arguments,
                              std::span<const OptionSpec> settings, std::span<const OptionSpec> all,
                              const Environment& environment) {
    auto given = from_command_line(arguments, settings);
    if (!given) return tl::unexpected(given.error());
    Options options;
    options.values_ = std::move(*given);
    for (const auto& setting : settings)
        if (const char* value = environment(variable_for(setting.name).c_str());
            setting.in_file && value != nullptr)
            options.values_.emplace(setting.name, value);
    const auto path = options.get("config");
    if (!path) return options;
    auto stored = from_file(*path, all);
    if (!stored) return tl::unexpected(stored.error());
    options.values_.merge(*stored);
    return options;
}

std::optional<std::string> Options::get(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> Options::require(std::string_view name) const {
    if (auto value = get(name)) return *value;
    return failure("--" + std::string(name) + " is required (see --help)");
}

Result<std::uint64_t> Options::number(std::string_view name, std::uint64_t otherwise,
                                      std::uint64_t most) const {
    const auto text = get(name);
    if (!text) return otherwise;
    const auto value = parse_number<std::uint64_t>(*text);
    if (!value || *value > most)
        return failure("--" + std::string(name) + ": '" + *text + "' is no number from 0 to " +
                       std::to_string(most));
    return *value;
}

}  // namespace together::roled
