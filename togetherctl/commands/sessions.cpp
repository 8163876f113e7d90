// SPDX-License-Identifier: Apache-2.0
// togetherctl sessions: what those still have here whom the gate would refuse now.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/config/exempt_logins.h"
#include "common/decision/emergency.h"
#include "common/decision/explanation.h"
#include "common/decision/gate.h"
#include "common/on_demand/once_refresher.h"
#include "processes/slurm_jobs.h"
#include "processes/ssh_sessions.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/processes/invoker.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr int patience = 5;  // seconds, for TERM and again for KILL

struct RefusedSession {
    SshSession session;
    Decision decision;
    bool yours = false;
    Ending ending = Ending::open;
};

struct RefusedJob {
    SlurmJob job;
    Decision decision;
};

struct Findings {
    std::size_t open = 0;
    std::vector<RefusedSession> sessions;
    std::vector<RefusedJob> jobs;
    std::vector<std::string> notes;
    bool jobs_unknown = false;
    bool gate_cannot_tell = false;  // of some
    bool cannot_tell = false;       // as a whole
};

// The gate, asked once for each login or uid.
class Asked {
  public:
    explicit Asked(const Config& config)
        : refresher_(clock_), gate_(config, clock_, accounts_, refresher_) {
        std::vector<std::string> problems;
        for (const auto& admission : read_admissions(config.folder(), problems))
            if (admission.until > clock_.now().realtime) admitted_.push_back(admission);
    }

    const Decision& login(const std::string& login) {
        auto& found = logins_[login];
        if (!found) found = gate_.decide({Subject::of_login(login), Action::ssh_login, false});
        return *found;
    }
    const Decision& uid(uid_t uid) {
        auto& found = uids_[uid];
        if (!found) found = gate_.decide({Subject::of_uid(uid), Action::slurm_submit, false});
        return *found;
    }
    // A lockdown comes before admissions, but who was admitted is not thrown out by us.
    bool is_admitted(const std::string& login) const {
        return std::any_of(admitted_.begin(), admitted_.end(),
                           [&](const Admission& one) { return one.login == login; });
    }

  private:
    SystemClock clock_;
    SystemAccounts accounts_;
    OnceRefresher refresher_;
    Gate gate_;
    std::map<std::string, std::optional<Decision>> logins_;
    std::map<uid_t, std::optional<Decision>> uids_;
    std::vector<Admission> admitted_;
};

// Refused, or in observe mode would be: never one of whom nobody can tell.
bool is_refused(const Decision& decision) {
    return decision.would.value_or(decision.verdict) == Verdict::deny;
}

bool is_unknown(const Decision& decision) {
    return decision.would.value_or(decision.verdict) == Verdict::unavailable;
}

void note_what_is_left_out(const LeftOut& left_out, Findings& findings) {
    if (left_out.hidden > 0) {
        findings.cannot_tell = true;
        findings.notes.push_back(std::to_string(left_out.hidden) +
                                 " more may be open: of root's processes with such a title the "
                                 "program cannot be seen (CAP_SYS_PTRACE is missing)");
    }
    if (left_out.cut > 0) {
        findings.cannot_tell = true;
        findings.notes.push_back(std::to_string(left_out.cut) +
                                 " more are open of whom the title does not say the login: sshd "
                                 "was started without an environment and has no room for it");
    }
    if (left_out.elsewhere > 0)
        findings.notes.push_back(std::to_string(left_out.elsewhere) +
                                 " SSH sessions in containers of this host are left out: look "
                                 "at them inside");
}

void find_sessions(Asked& gate, Findings& findings) {
    const auto processes = running_processes();
    // tmux and nohup have left the session that they came from; those who are behind them have not.
    const auto people = people_behind_this();
    if (processes.empty()) {  // we are one
        findings.cannot_tell = true;
        findings.notes.emplace_back(
            "/proc cannot be read: nobody can tell which sessions there are");
    }
    note_what_is_left_out(left_out(processes), findings);
    for (auto& session : ssh_sessions(processes)) {
        ++findings.open;
        const Decision& decision = gate.login(session.login);
        findings.gate_cannot_tell = findings.gate_cannot_tell || is_unknown(decision);
        if (!is_refused(decision) || gate.is_admitted(session.login)) continue;
        const bool yours = std::find(people.begin(), people.end(), session.login) != people.end() ||
                           is_ours(session, processes);
        findings.sessions.push_back({std::move(session), decision, yours});
    }
}

void find_jobs(Asked& gate, Findings& findings) {
    const auto jobs = jobs_in_queue();
    if (!jobs) {
        findings.jobs_unknown = true;
        findings.notes.push_back("Slurm's jobs could not be listed: " + jobs.error().message);
        return;
    }
    for (const auto& job : *jobs) {
        const Decision& decision = gate.uid(job.uid);
        findings.gate_cannot_tell = findings.gate_cannot_tell || is_unknown(decision);
        if (is_refused(decision)) findings.jobs.push_back({job, decision});
    }
}

Findings find(Config config) {
    Findings findings;
    SystemAccounts accounts;
    findings.notes = resolve_exempt_logins(config, accounts);
    Asked gate(config);
    find_sessions(gate, findings);
    find_jobs(gate, findings);
    if (findings.gate_cannot_tell)
        findings.notes.emplace_back(
            "of some the gate cannot tell now (togetherctl status); they are left alone");
    return findings;
}

void end_them(Findings& findings) {
    for (auto& one : findings.sessions) {
        if (one.yours)
            findings.notes.push_back("your own session (" + one.session.login +
                                     ") is left: end it yourself");
        else if (one.decision.would)
            findings.notes.push_back("OBSERVE MODE: " + one.session.login +
                                     " is not refused, and left");
        else
            one.ending = end_session(one.session, patience);
        if (one.ending != Ending::cannot_tell) continue;
        findings.cannot_tell = true;
        findings.notes.push_back("/proc does not say whether the session of " + one.session.login +
                                 " is still the same: it is left");
    }
}

// What a user left running beside the session: nohup, tmux.
std::size_t processes_of(uid_t uid) {
    const auto processes = running_processes();
    return static_cast<std::size_t>(
        std::count_if(processes.begin(), processes.end(),
                      [&](const Process& p) { return p.uid == uid && !p.elsewhere; }));
}

void note_what_is_left(Findings& findings) {
    std::map<uid_t, std::string> users;
    for (const auto& one : findings.sessions)
        if (one.ending == Ending::ended) users.emplace(one.session.uid, one.session.login);
    for (const auto& [uid, login] : users)
        if (const auto left = processes_of(uid); left > 0)
            findings.notes.push_back(std::to_string(left) + " processes of " + login +
                                     " go on (jobs, nohup, tmux): ps -u " + login);
}

Json::Value json_of(const Findings& findings) {
    Json::Value json;
    json["open_sessions"] = Json::UInt64{findings.open};
    json["sessions"] = json["jobs"] = json["notes"] = Json::arrayValue;
    for (const auto& one : findings.sessions) {
        Json::Value session;
        session["login"] = one.session.login;
        session["uid"] = one.session.uid;
        session["pid"] = one.session.monitor.pid;
        session["terminals"] = one.session.terminals;
        session["reason"] = std::string(name_of(one.decision.reason));
        session["yours"] = one.yours;
        // null: nobody can tell
        session["ended"] = one.ending == Ending::cannot_tell
                               ? Json::Value()
                               : Json::Value(one.ending == Ending::ended);
        json["sessions"].append(session);
    }
    for (const auto& one : findings.jobs) {
        Json::Value job;
        job["id"] = one.job.id;
        job["login"] = one.decision.login.empty() ? Json::Value() : one.decision.login;
        job["uid"] = one.job.uid;
        job["state"] = one.job.state;
        job["reason"] = std::string(name_of(one.decision.reason));
        json["jobs"].append(job);
    }
    for (const auto& note : findings.notes) json["notes"].append(note);
    return json;
}

std::string state_of(const RefusedSession& session, bool end) {
    if (session.ending == Ending::ended) return "ended";
    if (session.ending == Ending::cannot_tell) return "CANNOT TELL";
    return end ? "STILL OPEN" : "open";
}

void show(const Findings& findings, bool end, Output& output) {
    output.line("Of " + std::to_string(findings.open) + " open SSH sessions " +
                std::to_string(findings.sessions.size()) +
                " belong to logins that the gate refuses now.");
    std::vector<Row> rows;
    for (const auto& one : findings.sessions)
        rows.push_back({one.session.login, std::to_string(one.session.uid),
                        std::to_string(one.session.monitor.pid), one.session.terminals,
                        std::string(name_of(one.decision.reason)), state_of(one, end)});
    if (!rows.empty()) output.table({"LOGIN", "UID", "PID", "TERMINAL", "REASON", "STATE"}, rows);
    rows.clear();
    for (const auto& one : findings.jobs)
        rows.push_back({one.job.id, subject_of(one.decision), one.job.state,
                        std::string(name_of(one.decision.reason))});
    if (!rows.empty()) {
        output.line("Their Slurm jobs, which are left (scancel ends one):");
        output.table({"JOB", "LOGIN", "STATE", "REASON"}, rows);
    }
    for (const auto& note : findings.notes) output.line("Note: " + note, Tone::warning);
}

ExitStatus exit_status_of(const Findings& findings, bool end) {
    const bool any_open =
        std::any_of(findings.sessions.begin(), findings.sessions.end(),
                    [](const RefusedSession& one) { return one.ending == Ending::open; });
    if (any_open || (!end && !findings.jobs.empty())) return exit_no;
    const bool unknown = findings.cannot_tell || findings.gate_cannot_tell ||
                         (!end && findings.jobs_unknown);  // --end leaves jobs
    return unknown ? exit_cannot_tell : exit_yes;
}

int run(const CommandLine& line, Output& output) {
    const bool end = line.has("end");
    // Whose program a process runs, only root may see.
    if (::geteuid() != 0) return output.fail("sessions: needs root");
    auto config = load_config(line.config_path());
    if (!config) return output.fail("sessions: " + config.error().message);
    auto findings = find(*std::move(config));
    if (end) {
        end_them(findings);
        note_what_is_left(findings);
    }
    if (output.json())
        output.document(json_of(findings));
    else
        show(findings, end, output);
    return exit_status_of(findings, end);
}

constexpr std::array<Option, 1> options = {{
    {"end", "", "end the sessions; running jobs are left"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "there are none (with --end: none any more)"},
    {"1", "there are some"},
    {"2",
     "of some nobody can tell (the notes say why); the configuration is wrong, or wrong usage"},
}};

}  // namespace

constinit const Verb sessions_verb = {
    .name = "sessions",
    .operand = "",
    .summary = "open sessions and jobs of those who are refused now",
    .about =
        "The gate decides when somebody comes: a session that is open outlives a removal. Lists\n"
        "those of logins that the gate refuses now, in a lockdown everybody's; never root's, "
        "those\n"
        "of exempt or admitted ones, and with --end never your own. Slurm's jobs are listed\n"
        "where squeue answers, and left.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl sessions",
    .run = run,
};

}  // namespace together::ctl
