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
#include "role_server/store/connection_string.h"

namespace together::roled {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

const OptionSpec* find(std::span<const OptionSpec> settings, std::string_view name) {
    const auto at = std::find_if(settings.begin(), settings.end(),
                                 [&](const OptionSpec& s) { return s.name == name; });
    return at == settings.end() ? nullptr : &*at;
}

Result<Arguments> from_command_line(const std::vector<std::string>& words,
                                    std::span<const OptionSpec> settings, std::size_t operands) {
    std::vector<KnownOption> known;
    for (const auto& setting : settings) known.push_back({setting.name, setting.value});
    auto arguments = read_arguments(words, known);
    if (!arguments) return tl::unexpected(arguments.error());
    const auto& others = arguments->others;
    for (std::size_t i = 0; i < others.size(); ++i)
        if (i >= operands || others[i].starts_with("-"))
            return failure("unknown argument '" + others[i] + "' (see --help)");
    return arguments;
}

std::string variable_for(std::string_view name) {
    std::string variable = "TOGETHER_ROLED_";
    for (const char c : name)
        variable += c == '-' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    return variable;
}

Result<Values> values_of(const Arguments& arguments) {
    Values values;
    for (const auto& given : arguments.options) {
        if (given.lacks_value()) return failure(given.spelled() + " needs a value");
        if (given.has_unwanted_value()) return failure(given.spelled() + " takes no value");
        if (!values.emplace(given.option.name, given.value.value_or("")).second)
            return failure(given.spelled() + " is given twice");
    }
    for (const auto& [name, value] : values)
        if (has_password(value))
            return failure("--" + name +
                           ": everybody on this machine would see this password: give the "
                           "connection string in " +
                           variable_for(name) +
                           (name == "db" ? ", or as `db` in the file that --config names" : ""));
    return values;
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
                              const Environment& environment, std::string_view operand) {
    const auto given = from_command_line(arguments, settings, operand.empty() ? 0 : 1);
    if (!given) return tl::unexpected(given.error());
    auto values = values_of(*given);
    if (!values) return tl::unexpected(values.error());
    Options options;
    options.values_ = std::move(*values);
    options.operand_name_ = operand;
    if (!given->others.empty()) options.operand_ = given->others.front();
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

Result<std::string> Options::operand() const {
    if (operand_) return *operand_;
    return failure(operand_name_ + " is required (see --help)");
}

Result<bool> Options::flag(std::string_view name) const {
    const auto value = get(name);
    if (!value || *value == "no") return false;
    if (value->empty() || *value == "yes") return true;
    return failure("--" + std::string(name) + ": '" + *value + "' is neither yes nor no");
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
