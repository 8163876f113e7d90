// SPDX-License-Identifier: Apache-2.0
// togetherctl config: tests the configuration's files and shows what is in force.
#include "cli/command_line.h"
#include "cli/output.h"
#include "common/node_config/node_config.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/token_state.h"

namespace together::ctl {
namespace {

using namespace together;

void show(const NodeConfig& config, const TokenFile& token, Output& output) {
    for (const auto& [name, value] : settings_in_force(config))
        output.line(std::string(name).append(value.empty() ? " =" : " = ").append(value));
    // A comment, so that the lines above stay ones that can be parsed.
    std::string text = "# token file: " + token.state;
    if (token.state.starts_with("not_")) text += " (" + token.problem + ")";
    output.line(text);
}

Json::Value json_of(const NodeConfig& config, const TokenFile& token) {
    Json::Value json;
    json["path"] = config.path;
    for (const auto& [name, value] : settings_in_force(config)) json["settings"][name] = value;
    json["token_file"]["path"] = config.token_file;
    json["token_file"]["state"] = token.state;
    json["token_file"]["problem"] =
        token.problem.empty() ? Json::Value() : Json::Value(token.problem);
    return json;
}

int run(const CommandLine& line, Output& output) {
    const auto config = load_node_config(line.config_path());
    if (!config) return output.fail(config.error().message);
    const auto token = look_at_token(*config);
    if (output.json())
        output.document(json_of(*config, token));
    else
        show(*config, token, output);
    if (token.state != "missing" && token.state != "unusable") return exit_yes;
    Output::complain("[api] token_file: " + token.problem);
    return exit_cannot_tell;
}

constexpr Status statuses[] = {
    {"0", "the configuration can be used"},
    {"2", "something is wrong with it or with the token's file, or wrong usage"},
};

}  // namespace

constinit const Verb config_verb = {
    .name = "config",
    .operand = "",
    .summary = "test the configuration and show what is in force",
    .about =
        "Reads together.conf and together.conf.d/*.conf beside it as the gate does, and shows\n"
        "every setting with its default or its value. Tells whether the token's file is\n"
        "there, with a safe owner and mode; never shows the token.",
    .options = {},
    .statuses = statuses,
    .example = "togetherctl config",
    .run = run,
};

}  // namespace together::ctl
