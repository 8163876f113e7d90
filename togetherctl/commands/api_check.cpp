// SPDX-License-Identifier: Apache-2.0
// togetherctl api-check: what a node would think of a role authority.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/config/config.h"
#include "processes/run_program.h"
#include "togetherctl/commands/verbs.h"

namespace together::ctl {
namespace {

using namespace together;

// One line of together-refresh --api-check; its wording is together_refresh/probe/conformance.cpp.
struct CheckLine {
    std::string result;
    std::string name;
    std::string got;
    std::string expected;
    std::string why;
};

struct Shown {
    std::string_view result;
    std::string_view word;
    Tone tone;
};
constexpr std::array<Shown, 5> results = {{
    {"pass", "ok  ", Tone::good},
    {"note", "note", Tone::warning},
    {"fail", "FAIL", Tone::bad},
    {"unknown", "?   ", Tone::warning},
    {"skipped", "-   ", Tone::plain},
}};

const Shown& shown(const CheckLine& line) {
    const auto found = std::find_if(results.begin(), results.end(),
                                    [&](const Shown& s) { return s.result == line.result; });
    return found == results.end() ? results[2] : *found;
}

std::vector<CheckLine> lines_of(std::string_view text) {
    std::vector<CheckLine> lines;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        CheckLine& parsed = lines.emplace_back();
        for (auto* part :
             {&parsed.result, &parsed.name, &parsed.got, &parsed.expected, &parsed.why}) {
            *part = line.substr(0, line.find('\t'));
            line.remove_prefix(std::min(part->size() + 1, line.size()));
        }
    }
    return lines;
}

std::size_t how_many(const std::vector<CheckLine>& lines, std::string_view result) {
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const CheckLine& l) { return l.result == result; }));
}

struct Conclusion {
    std::string_view name;
    std::string_view sentence;
    Tone tone;
};
constexpr std::array<Conclusion, 3> conclusions = {{
    {"conforms", "The authority conforms: ", Tone::good},
    {"does_not_conform", "The authority does not conform: ", Tone::bad},
    {"cannot_tell", "It cannot be told whether the authority conforms: ", Tone::warning},
}};

std::string counts_of(const std::vector<CheckLine>& lines) {
    std::string text = std::to_string(lines.size()) + " checks";
    for (const auto& [result, words] :
         {std::pair("fail", " failed"), std::pair("note", " with a note"),
          std::pair("unknown", " without an answer"), std::pair("skipped", " not tried")})
        if (const auto number = how_many(lines, result); number > 0)
            text += ", " + std::to_string(number) + words;
    return text + ".";
}

void show(const std::vector<CheckLine>& lines, const Conclusion& conclusion, bool verbose,
          Output& output) {
    std::size_t width = 0;
    for (const auto& line : lines) width = std::max(width, line.name.size());
    for (const auto& line : lines) {
        const auto& [result, word, tone] = shown(line);
        output.line(std::string(word) + "  " + line.name +
                        std::string(width - line.name.size() + 2, ' ') + line.got,
                    tone);
        if (!verbose && (result == "pass" || result == "skipped")) continue;
        output.line("        expected: " + line.expected);
        output.line("        matters:  " + line.why);
    }
    output.line("");
    output.line(std::string(conclusion.sentence) + counts_of(lines), conclusion.tone);
}

Json::Value json_of(const std::vector<CheckLine>& lines, const Conclusion& conclusion) {
    Json::Value json;
    json["outcome"] = std::string(conclusion.name);
    json["checks"] = Json::Value(Json::arrayValue);
    for (const auto& line : lines) {
        Json::Value check;
        check["name"] = line.name;
        check["result"] = line.result;
        check["got"] = line.got;
        check["expected"] = line.expected;
        check["why"] = line.why;
        json["checks"].append(check);
    }
    return json;
}

// A node's configuration is no condition: an authority is often written before there is a node.
Result<std::string> refresh_program(const std::string& config_path) {
    if (::access(config_path.c_str(), F_OK) != 0 && errno == ENOENT)
        return std::string(installed_refresh_program());
    const auto config = load_config(config_path);
    if (!config) return tl::make_unexpected(config.error());
    return config->refresh_program;
}

std::vector<std::string> arguments_for(const CommandLine& line) {
    std::vector<std::string> arguments = {"--api-check", "--config", line.config_path()};
    if (!line.operand().empty()) arguments.insert(arguments.end(), {"--url", line.operand()});
    for (const char* option : {"project", "token-file", "ca-file"})
        if (const auto value = line.value(option))
            arguments.insert(arguments.end(), {"--" + std::string(option), *value});
    return arguments;
}

int run(const CommandLine& line, Output& output) {
    const auto program = refresh_program(line.config_path());
    if (!program) return output.fail(program.error().message);
    const auto done = run_and_read(*program, arguments_for(line));
    if (!done) return output.fail("api-check: " + done.error().message);
    const auto lines = lines_of(done->output);
    // What it could not do stands on stderr already.
    if (lines.empty() || done->status < 0 || done->status >= static_cast<int>(conclusions.size()))
        return output.fail("api-check: nothing could be tried");
    const Conclusion& conclusion = conclusions[static_cast<std::size_t>(done->status)];
    if (output.json())
        output.document(json_of(lines, conclusion));
    else
        show(lines, conclusion, line.has("verbose"), output);
    return done->status;
}

constexpr std::array<Option, 4> options = {{
    {"project", "PROJECT", "whose roster (default: the configuration's)"},
    {"token-file", "PATH", "a node's token for it (default: the configuration's)"},
    {"ca-file", "PATH", "PEM bundle that replaces the system's (default: the configuration's)"},
    {"verbose", "", "say of each check what is expected and why, not only where it came out badly"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "the authority conforms (notes aside: a node copes)"},
    {"1", "it does not"},
    {"2", "cannot tell (no answer, token or project unknown there), or wrong usage"},
}};

}  // namespace

constinit const Verb api_check_verb = {
    .name = "api-check",
    .operand = "[URL]",
    .summary = "does a role authority speak as nodes expect?",
    .about =
        "Tries the authority at URL (default: the configuration's base_url) as a node would, and\n"
        "with what a node would never send: other projects, wrong tokens. Says of each check what\n"
        "came, what was expected and why it matters. Changes nothing here or there; the token\n"
        "comes from a file and is never shown. See docs/role-api.md.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl api-check https://roles.example.com/v1 --project proj_123",
    .run = run,
};

}  // namespace together::ctl
