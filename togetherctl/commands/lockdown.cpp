// SPDX-License-Identifier: Apache-2.0
// togetherctl lockdown: refuses everybody but root and the exempt, at once.
#include <unistd.h>

#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/decision/gate.h"
#include "common/system/trusted_file.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/enabling/emergency_files.h"
#include "togetherctl/processes/invoker.h"

namespace together::ctl {
namespace {

using namespace together;

// What an operator must know at once. Read from the disk alone.
std::vector<std::string> notes_on(const CommandLine& line) {
    std::vector<std::string> notes;
    const auto config = load_config(line.config_path());
    if (!config)
        notes.push_back("the configuration is wrong: " + config.error().message);
    else if (config->mode == Mode::observe)
        notes.emplace_back("OBSERVE MODE: nobody is refused all the same (mode = enforce)");
    SystemClock clock;
    SystemAccounts accounts;
    NoRefresher none;
    Gate gate(config, clock, accounts, none);
    for (const auto& login : people_behind_this())
        if (!gate.decide({Subject::of_login(login), Action::ssh_login, false}).allowed())
            notes.push_back(login +
                            ", who seems to be you, is refused too, from the next login on: "
                            "keep this session, or add it to [gate] exempt_users");
    notes.emplace_back("open sessions and running jobs go on: togetherctl sessions");
    return notes;
}

void show(const std::string& what, const std::vector<std::string>& notes, bool in_force,
          const std::string& path, Output& output) {
    if (output.json()) {
        Json::Value json;
        json["in_force"] = in_force;
        json["path"] = path;
        json["notes"] = Json::arrayValue;
        for (const auto& note : notes) json["notes"].append(note);
        output.document(json);
        return;
    }
    output.line(what, in_force ? Tone::bad : Tone::good);
    for (const auto& note : notes) output.line("Note: " + note, Tone::warning);
}

int finish(const std::vector<std::string>& not_reached) {
    for (const auto& complaint : not_reached) Output::complain("lockdown: " + complaint);
    return not_reached.empty() ? exit_yes : exit_no;
}

int take_off(const std::string& path, const std::vector<std::string>& not_reached, Output& output) {
    const auto gone = remove_if_there(path);
    if (!gone) return output.fail("lockdown: " + gone.error().message);
    show(*gone ? "The lockdown is over." : "No lockdown was in force.", not_reached, false, path,
         output);
    return finish(not_reached);
}

int run(const CommandLine& line, Output& output) {
    const auto reason = line.value("reason");
    if (line.has("off") == reason.has_value())
        return output.fail("lockdown: --reason TEXT begins one, --off ends it; one of them");
    if (::geteuid() != 0) return output.fail("lockdown: needs root");
    const std::string path = emergency_folder(line.config_path()) + "/lockdown";
    const auto not_reached = services_not_reached(line.config_path());
    if (line.has("off")) return take_off(path, not_reached, output);
    if (const auto good = check_reason(*reason); !good)
        return output.fail("lockdown: " + good.error().message);
    const auto written = write_new(path, *reason + "\n", 0644);
    if (!written) return output.fail("lockdown: " + write_problem(written.error(), path));
    auto notes = notes_on(line);
    notes.insert(notes.begin(), not_reached.begin(), not_reached.end());
    if (!written->warning.empty()) notes.push_back(written->warning);
    show("LOCKDOWN IN FORCE on this node: " + *reason +
             ". Root and exempt users get in, nobody else.",
         notes, true, path, output);
    return finish(not_reached);
}

constexpr std::array<Option, 2> options = {{
    {"reason", "TEXT", "begin one; everybody who is refused reads it"},
    {"off", "", "end it"},
}};

constexpr Status statuses[] = {
    {"0", "done"},
    {"1", "done, but a PAM service or Slurm has a configuration elsewhere: do it there, too"},
    {"2", "nothing was changed: not possible, or wrong usage"},
};

}  // namespace

constinit const Verb lockdown_verb = {
    .name = "lockdown",
    .operand = "",
    .summary = "refuse everybody but root and exempt users",
    .about =
        "For an emergency, also while the authority is away: writes the file lockdown beside\n"
        "the configuration, on this node alone. In force at once, for every login and every\n"
        "job's step that begins from now on; admissions do not pass it.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl lockdown --reason incident-42",
    .run = run,
};

}  // namespace together::ctl
