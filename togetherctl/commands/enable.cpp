// SPDX-License-Identifier: Apache-2.0
// togetherctl enable: puts the gate in front of sshd, sudo, su, cron or Slurm.
#include <unistd.h>

#include <array>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/enabling/edit_report.h"
#include "togetherctl/enabling/gate_target.h"
#include "togetherctl/enabling/lockout.h"
#include "togetherctl/pam/sshd_settings.h"
#include "togetherctl/processes/invoker.h"

namespace together::ctl {
namespace {

using namespace together;

void add_config_problem(const Result<Config>& config, Plan& plan) {
    if (!config)
        plan.problems.push_back("with this configuration nobody but root would get in: " +
                                config.error().message);
    else if (config->mode == Mode::observe)
        plan.notes.emplace_back("OBSERVE MODE: nobody is refused yet, denials are only logged");
}

// Of another service's file sshd reads nothing. (su's and login's are called otherwise, and right.)
void look_at_service(const SshdSettings& settings, Plan& plan) {
    const auto& path = plan.edits.front().file.path;
    if (settings.pam_service.empty() || settings.pam_service == "sshd" || !path.ends_with("/sshd"))
        return;
    plan.problems.push_back("sshd asks PAM for the service \"" + settings.pam_service +
                            "\" (PAMServiceName, sshd -T), and never reads " + path +
                            "; use --file /etc/pam.d/" + settings.pam_service);
}

// Where nobody can tell, it is said, and not in the way: in an image sshd may have no keys yet.
std::vector<std::string> look_at_sshd(Plan& plan) {
    const auto settings = ask_sshd();
    if (plan.target == GateTarget::ssh) {
        if (!settings)
            plan.notes.push_back("whether sshd uses PAM could not be asked: " +
                                 settings.error().message);
        else if (!settings->use_pam)
            plan.problems.emplace_back(
                "sshd has \"UsePAM no\" (sshd -T): it would never ask the gate; set UsePAM yes");
        if (settings) look_at_service(*settings, plan);
    }
    return settings ? settings->key_files : usual_key_files;
}

// Those behind this very command, whom the gate would refuse.
std::vector<Refused> own_lockout(const Plan& plan, const Result<Config>& config) {
    KnownPeople behind;
    for (const auto& login : people_behind_this()) behind.by_login[login].signs = {"you"};
    auto refused = who_would_be_refused(plan, config, behind);
    std::erase_if(refused, [](const Refused& one) { return one.decision.allowed(); });
    return refused;
}

struct Look {
    Result<Config> config;
    std::optional<std::string> no_roster;
    std::vector<Refused> you;
    KnownPeople people;
    std::vector<Refused> refused;
};

Look look(Plan& plan, bool dry_run) {
    if (!is_gate(plan.target)) return {failure("not asked"), {}, {}, {}, {}};
    Look look{load_config(plan.config_path), {}, {}, {}, {}};
    add_config_problem(look.config, plan);
    const auto key_files = look_at_sshd(plan);
    if (!look.config) return look;
    look.no_roster = why_no_roster(plan, look.config);
    look.you = own_lockout(plan, look.config);
    if (!dry_run) return look;
    look.people = find_known_people(key_files);
    look.refused = who_would_be_refused(plan, look.config, look.people);
    return look;
}

// What keeps it from being done; empty where nothing does.
std::vector<std::string> obstacles(const Plan& plan, const Look& look, bool force) {
    auto list = plan.problems;
    if (look.no_roster && look.config->mode == Mode::enforce && !force)
        list.push_back("nobody but root would get in, there is no usable roster yet: " +
                       *look.no_roster + " (togetherctl refresh; --force does it all the same)");
    for (const auto& lockout : plan.lockouts)
        if (!force) list.push_back(lockout + " (--force does it all the same)");
    for (const auto& one : look.you)
        if (!force)
            list.push_back("you would be locked out. " + one.login +
                           " would read: " + one.message() + " (--force does it all the same)");
    return list;
}

Json::Value document(const Plan& plan, const Look& look, const std::vector<std::string>& problems) {
    auto json = json_of(plan);
    json["problems"] = Json::arrayValue;
    for (const auto& problem : problems) json["problems"].append(problem);
    json["known_logins"] = Json::UInt64{look.people.by_login.size()};
    json["not_looked_at"] = Json::arrayValue;
    for (const auto& what : look.people.not_read) json["not_looked_at"].append(what);
    json["would_be_refused"] = json_of(look.refused);
    return json;
}

void complain_of_what_is_open(const Plan& plan) {
    for (const auto& what : plan.still_open) Output::complain("enable: " + what);
}

int finish(const Plan& plan, const CarriedOut& result, Output& output, Json::Value json) {
    json["changed"] = !result.done.empty();
    json["managed_elsewhere"] = result.how == Carried::elsewhere;
    for (const auto& warning : result.warnings) json["notes"].append(warning);
    if (output.json())
        output.document(json);
    else
        show(plan, result, output);
    if (result.how == Carried::not_out) Output::complain(result.problem);
    complain_of_what_is_open(plan);
    if (result.how == Carried::not_out) return exit_cannot_tell;
    return result.how == Carried::out && plan.still_open.empty() ? exit_yes : exit_no;
}

int run(const CommandLine& line, Output& output) {
    const auto target = gate_target_named(line.operand());
    if (!target)
        return output.fail("enable: unknown target " + in_quotes(line.operand()) + "; there are " +
                           gate_target_names);
    const bool dry_run = line.has("dry-run");
    if (!dry_run && ::geteuid() != 0) return output.fail("enable: needs root");
    auto plan = plan_enable(line, *target);
    if (!plan) return output.fail("enable: " + plan.error().message);
    const auto seen = look(*plan, dry_run);
    const auto problems = obstacles(*plan, seen, line.has("force"));
    auto json = document(*plan, seen, problems);
    if (!output.json()) {
        show_plan(*plan, output);
        if (dry_run && seen.config) show_refused(seen.refused, seen.people, output);
    }
    if (dry_run || !problems.empty()) {
        json["changed"] = json["managed_elsewhere"] = false;
        if (output.json()) output.document(json);
        for (const auto& problem : problems) Output::complain("enable: " + problem);
        complain_of_what_is_open(*plan);
        if (!output.json())
            output.line(dry_run ? "Nothing was changed (--dry-run)." : "Nothing was changed.");
        if (!problems.empty()) return exit_cannot_tell;
        return plan->still_open.empty() ? exit_yes : exit_no;
    }
    return finish(*plan, carry_out(*plan, true), output, std::move(json));
}

constexpr std::array<Option, 6> options = {{
    {"dry-run", "", "change nothing; also list who would be refused"},
    {"force", "", "even where you, or all, would be locked out"},
    {"file", "PATH", "another service file, slurm.conf, nsswitch.conf or sshd_config"},
    {"module", "PATH", "another pam_together.so than the one in libpam's folder"},
    {"require", "admin", "let admins alone pass (for sudo)"},
    {"keep-files", "", "for keys: those in ~/.ssh/authorized_keys count, too"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "the gate stands there now (with --dry-run: it could)"},
    {"1",
     "a file is managed by something else and its lines are shown, or a way past stays open, "
     "named"},
    {"2", "not done: not safe, not possible, or wrong usage; what was changed is named"},
}};

}  // namespace

constinit const Verb enable_verb = {
    .name = "enable",
    .operand = "ssh|sudo|su|cron|slurm|homes|accounts|keys",
    .summary = "put the gate in front of sshd, sudo, su, cron or Slurm; homes, accounts, keys",
    .about =
        "Edits /etc/pam.d/sshd (sudo and sudo-i; su and su-l; cron, crond, atd and systemd-user;\n"
        "for slurm JobSubmitPlugins in slurm.conf, plugstack.conf and, where slurmd is, su and\n"
        "su-l, which slurmd starts before it asks a plug-in) and shows the change. Accounts below\n"
        "min_uid pass su and cron unasked. For homes it adds pam_mkhomedir to sshd's session, so\n"
        "that whoever logs in the first time gets one, closed to others; for accounts the name\n"
        "service together behind files in nsswitch.conf; for keys sshd's AuthorizedKeysCommand.\n"
        "The file as it was stays beside it as FILE.before-together; a second call changes\n"
        "nothing. Refuses where the module or the configuration is not fit for use, where sshd\n"
        "does not use PAM, where there is no usable roster yet, and where you would be locked\n"
        "out. --dry-run lists every local account with a shell or keys, and everyone with a login\n"
        "or a job in the last thirty days, who would be refused, and why.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl enable ssh --dry-run",
    .run = run,
};

}  // namespace together::ctl
